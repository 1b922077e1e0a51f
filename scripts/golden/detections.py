"""From raw outputs to detections, one number after another."""

from dataclasses import dataclass
from math import exp

from boxes import decode
from nms import nms

DEFAULTS = {
    "minScore": 0.01,
    "iou": 0.45,
    "topK": 400,
    "maxDetections": 200,
    "variances": [0.1, 0.2],
    "coderClip": None,
}


@dataclass
class Found:
    prior: int
    label: int  # 0-based foreground
    score: float
    box: list  # corners, held to the picture


def detect(loc, conf, priors, options):
    """One picture: loc [P, 4], conf [P, C], priors [P, 4] in centre form.

    Returns all that is left of every class, best first; the first `maxDetections` are the answer.
    """
    boxes = decode(loc, priors, options["variances"], options["coderClip"])
    scores = [softmax(row) for row in conf.tolist()]
    found = []
    for c in range(1, conf.shape[1]):
        of_class = [row[c] for row in scores]
        best = candidates(of_class, options)
        for k in nms(boxes[best], conf.new_tensor([of_class[i] for i in best]), options["iou"]):
            box = [min(max(side, 0.0), 1.0) for side in boxes[best[k]].tolist()]
            found.append(Found(best[k], c - 1, of_class[best[k]], box))
    # Python's sort keeps equals in their order: the lower class first, then the lower prior.
    return sorted(found, key=lambda one: -one.score)


def candidates(scores, options):
    """Priors of a class that enter the suppression, best first, the lower index on ties."""
    over = [i for i, score in enumerate(scores) if score >= options["minScore"]]
    return sorted(over, key=lambda i: (-scores[i], i))[: options["topK"]]


def softmax(logits):
    most = max(logits)
    parts = [exp(logit - most) for logit in logits]
    return [part / sum(parts) for part in parts]
