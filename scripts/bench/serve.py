"""How a peer talks with `ssd-distill bench`: one JSON object a line, first what it is to work on."""

import json
import sys


def serve(prepare):
    """`prepare(setup)` gives versions (name -> text), contenders (name -> measure) and a sentence on each
    that is missing. A contender is measured whenever it is asked for: `measure(seconds)` gives how many
    were done in how many seconds.
    """
    lines = iter(sys.stdin.readline, "")
    versions, contenders, missing = prepare(json.loads(next(lines)))
    reply({"versions": versions, "contenders": list(contenders), "missing": missing})
    for line in lines:
        asked = json.loads(line)
        done, seconds = contenders[asked["contender"]](asked["seconds"])
        reply({"done": done, "seconds": seconds})


def reply(value):
    print(json.dumps(value), flush=True)
