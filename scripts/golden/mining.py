"""Hard negatives, for one picture."""

from math import floor

import torch


def mine(ce, positive, options):
    """Rows that join the positives in the classification loss: bool [P].

    `ce` is the cross-entropy of every prior against its own class. The hardest come first, on ties
    the lower index. With `compat: article` the positives stay in the ranking with score 0, the
    number is clamped at P - 1, and a number of 0 turns into `negativesForHard` for whatever reason.
    """
    total, positives = len(ce), int(positive.sum())
    wanted = floor(options["negPosRatio"] * positives)
    score = ce.tolist()
    if options["compat"] == "article":
        candidates = range(total)
        score = [0.0 if positive[p] else score[p] for p in range(total)]
        count = min(wanted, total - 1)
        if count == 0:
            count = options["negativesForHard"]
    else:
        candidates = [p for p in range(total) if not positive[p]]
        count = min(wanted, total - positives)
        if positives == 0:
            count = min(options["negativesForHard"], total)

    mined = torch.zeros(total, dtype=torch.bool)
    for p in sorted(candidates, key=lambda p: (-score[p], p))[:count]:
        mined[p] = True
    return mined
