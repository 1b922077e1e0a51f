"""The loss of SSD (arXiv 1512.02325): hard-mined cross-entropy and smooth L1."""

from dataclasses import dataclass

import torch

from matching import Match, match
from mining import mine

DEFAULTS = {
    "overlapThreshold": 0.5,
    "negPosRatio": 3,
    "negativesForHard": 100,
    "variances": [0.1, 0.2],
    "conflict": "last",
    "compat": "none",
}


@dataclass
class Picture:
    """What one picture contributes: its match, and the rows of both sums."""

    match: Match
    positive: torch.Tensor  # bool [P]
    selected: torch.Tensor  # bool [P]: positives and mined negatives
    ce: torch.Tensor  # [P]


def multibox(loc, conf, targets, priors, options):
    """loc [B, P, 4], conf [B, P, C], one (boxes, labels) a picture.

    Returns the terms, and the pictures they were summed over.
    """
    options = {key: options.get(key, default) for key, default in DEFAULTS.items()}
    pictures = look_at(conf, targets, priors, options)
    loc_sum, conf_sum = loc.new_zeros(()), loc.new_zeros(())
    for b, picture in enumerate(pictures):
        off = loc[b] - picture.match.loc
        loc_sum = loc_sum + smooth_l1(off[picture.positive]).sum()
        conf_sum = conf_sum + cross_entropy(conf[b], picture.match.classes)[picture.selected].sum()
    positives = sum(int(picture.positive.sum()) for picture in pictures)
    n = max(positives, 1)
    terms = {"conf": conf_sum / n, "loc": loc_sum / n, "numPositives": positives}
    return terms, pictures


def look_at(conf, targets, priors, options):
    """Matches every picture and mines its negatives; nothing here carries a gradient."""
    pictures = []
    for logits, (boxes, labels) in zip(conf.detach(), targets):
        found = match(boxes, labels, priors, options)
        positive = found.classes > 0
        ce = cross_entropy(logits, found.classes)
        mined = mine(ce, positive, options)
        pictures.append(Picture(found, positive, positive | mined, ce))
    return pictures


def cross_entropy(logits, classes):
    """-log softmax(logits)[class] of each row, the row's largest logit taken out first."""
    below = logits - logits.detach().max(dim=1, keepdim=True).values
    chosen = below.gather(1, classes.unsqueeze(1)).squeeze(1)
    return below.exp().sum(dim=1).log() - chosen


def smooth_l1(x):
    return torch.where(x.abs() < 1, x * x / 2, x.abs() - 0.5)
