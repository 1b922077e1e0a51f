"""How a peer talks with `ssd-distill bench`: one JSON object a line, first what it is to work on."""

import json
import sys


def serve(prepare):
    """`prepare(setup)` gives versions (name -> text), contenders (name -> measure) and a sentence on each
    that is missing; where ours and theirs are to be compared, also answers (name -> answer). A contender
    is measured whenever it is asked for: `measure(seconds)` gives how many were done in how many seconds.
    `answer()` gives what it computes, as numbers by name.
    """
    lines = iter(sys.stdin.readline, "")
    versions, contenders, missing, *answers = prepare(json.loads(next(lines)))
    reply({"versions": versions, "contenders": list(contenders), "missing": missing})
    for line in lines:
        asked = json.loads(line)
        name = asked["contender"]
        if asked.get("answer"):
            reply(answers[0][name]())
        else:
            done, seconds = contenders[name](asked["seconds"])
            reply({"done": done, "seconds": seconds})


def reply(value):
    print(json.dumps(value), flush=True)
