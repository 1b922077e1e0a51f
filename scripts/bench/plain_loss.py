"""MultiBoxLoss and MultiBoxLossKD (Chen et al., NIPS 2017) as PyTorch users write them: batched, hard
negatives by sorting twice."""

import torch
from torch.nn import functional as F


def mined(ce, positive, ratio):
    """Which rows are the hardest negatives, `ratio` for a positive: [B, P]."""
    score = ce.masked_fill(positive, 0)
    rank = score.argsort(1, descending=True).argsort(1)
    count = (positive.sum(1, keepdim=True) * ratio).clamp(max=ce.size(1) - 1)
    return rank < count


def losses(loc, conf, teacher, loc_truth, classes, options):
    """The terms by name and their `total`; `teacher` is (loc, conf) or None."""
    positive = classes > 0
    n = positive.sum().clamp(min=1)
    ce = F.cross_entropy(conf.flatten(0, 1), classes.flatten(), reduction="none")
    ce = ce.view_as(classes)
    rows = positive | mined(ce.detach(), positive, options["negPosRatio"])
    terms = {
        "conf": ce[rows].sum() / n,
        "loc": F.smooth_l1_loss(loc[positive], loc_truth[positive], reduction="sum") / n,
    }
    if teacher is None:
        return {**terms, "total": terms["conf"] + terms["loc"]}
    soft = soft_term(conf[rows], teacher[1][rows], options) / n
    l2 = bounded(loc[positive], teacher[0][positive], loc_truth[positive], options["margin"]) / n
    hard = options["mu"] * terms["conf"] + terms["loc"]
    total = (1 - options["mu"]) * soft + hard + options["nu"] * l2
    return {**terms, "soft": soft, "l2": l2, "total": total}


def soft_term(logits, teacher_logits, options):
    t = options["temperature"]
    weight = logits.new_full((logits.size(1),), options["posWeight"])
    weight[0] = options["negWeight"]
    log_student = F.log_softmax(logits / t, 1)
    return -(weight * F.softmax(teacher_logits / t, 1) * log_student).sum() * t**2


def bounded(loc, teacher_loc, truth, margin):
    ds, dt = ((loc - truth) ** 2).sum(1), ((teacher_loc - truth) ** 2).sum(1)
    return (ds * (ds + margin > dt)).sum()
