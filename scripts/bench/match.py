"""Matching and encoding of a batch: the peers of the row `match`."""

import sys

sys.dont_write_bytecode = True

from given import begin, compiled, read_tensors, timed, truths_of  # noqa: E402
from plain_match import match_batch, match_loop, padded  # noqa: E402
from serve import serve  # noqa: E402


def prepare(setup):
    versions, missing = begin(setup), []
    priors = read_tensors(setup["file"])["priors"].to(setup["device"])
    truths, rules = truths_of(setup), (setup["threshold"], setup["variances"])

    def batched(match):
        return match(*padded(truths), priors, *rules)

    work = {
        "PyTorch, picture by picture": lambda: match_loop(truths, priors, *rules),
        "PyTorch, batched": lambda: batched(match_batch),
    }
    if setup["compile"]:
        fast, why_not = compiled(match_batch, batched)
        if fast is None:
            missing.append(why_not)
        else:
            work["PyTorch, batched and compiled"] = lambda: batched(fast)
    contenders = {name: timed(once, setup) for name, once in work.items()}
    return versions, contenders, missing, {name: lambda o=o: answer(*o()) for name, o in work.items()}


def answer(loc, classes):
    positive = classes > 0
    return {
        "positives": positive.sum().item(),
        "classes": classes.sum().item(),
        "offsets": loc[positive].abs().sum().item(),
    }


if __name__ == "__main__":
    serve(prepare)
