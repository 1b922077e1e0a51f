"""Are the discrete decisions of a case safe from rounding?

A case is used only if its decisions are clear in float64, and float32 takes the same ones. Where
two candidates compete, they must differ by MARGIN. `exact` names what is built from numbers whose
arithmetic is exact in both precisions: there a difference of nothing is clear as well.
"""

import torch

from boxes import jaccard, to_corners
from mining import mine
from multibox import look_at
from multibox_kd import DEFAULTS, multibox_kd

MARGIN = 2e-5


def clear(a, b, exact, margin=MARGIN):
    return abs(a - b) > margin or (exact and a == b)


def batch_is_stable(batch):
    options = {**DEFAULTS, **batch.options}
    double, single = batch.to(torch.float64), batch.to(torch.float32)
    for boxes, _ in double.targets:
        if not matching_is_clear(boxes, double.priors, options, "boxes" in batch.exact):
            return False
    for picture in look_at(double.conf, double.targets, double.priors, options):
        if not mining_is_clear(picture, options, "scores" in batch.exact, batch.margin):
            return False
    bound = teacher_bound_is_clear(double, options, "bound" in batch.exact)
    return bound and same_decisions(double, single)


def matching_is_clear(boxes, priors, options, exact):
    if len(boxes) == 0:
        return True
    iou = jaccard(boxes, to_corners(priors))
    for row in iou.tolist():
        best = sorted(row)[::-1]
        if len(best) > 1 and not clear(best[0], best[1], exact):
            return False
    for column in zip(*iou.tolist()):
        best = sorted(column)[::-1]
        if not clear(best[0], options["overlapThreshold"], exact):
            return False
        positive = best[0] >= options["overlapThreshold"]
        if positive and len(best) > 1 and not clear(best[0], best[1], exact):
            return False
    return options["conflict"] == "last" or greedy_is_clear(iou)


def greedy_is_clear(iou):
    """Every pair that is taken must beat those it shuts out."""
    left = iou.clone()
    for _ in range(min(iou.shape)):
        truth, prior = divmod(left.argmax().item(), iou.shape[1])
        best = left[truth, prior].item()
        left[truth, prior] = -1
        if best - max(left[truth].max().item(), left[:, prior].max().item()) <= MARGIN:
            return False
        left[truth, :] = -1
        left[:, prior] = -1
    return True


def mining_is_clear(picture, options, exact, margin=MARGIN):
    mined = mine(picture.ce, picture.positive, options)
    score = picture.ce
    if options["compat"] == "article":
        score = score.masked_fill(picture.positive, 0)
        inside, outside = score[mined], score[~mined]
    else:
        inside, outside = score[mined], score[~mined & ~picture.positive]
    if len(inside) == 0 or len(outside) == 0:
        return True
    return clear(inside.min().item(), outside.max().item(), exact, margin)


def teacher_bound_is_clear(batch, options, exact):
    for b, picture in enumerate(look_at(batch.conf, batch.targets, batch.priors, options)):
        truth = picture.match.loc[picture.positive]
        ds = (batch.loc[b][picture.positive] - truth).square().sum(dim=1)
        dt = (batch.teacher_loc[b][picture.positive] - truth).square().sum(dim=1)
        for s, t in zip(ds.tolist(), dt.tolist()):
            if not clear((s + options["margin"]) / (1 + t), t / (1 + t), exact, batch.margin):
                return False
    return True


def same_decisions(double, single):
    """float32 chooses the same, and its values come well within the tolerance of the tests.

    An offset is a difference of centres over a tenth of a side: of small priors with near centres
    float32 itself loses more digits than a test of the engine can allow for.
    """
    a, pictures_a = multibox_kd(*double.inputs())
    b, pictures_b = multibox_kd(*single.inputs())
    for x, y in zip(pictures_a, pictures_b):
        same = x.match.classes.equal(y.match.classes) and x.selected.equal(y.selected)
        if not same or x.match.unmatched != y.match.unmatched:
            return False
    loc_a, loc_b = (
        torch.cat([picture.match.loc[picture.positive] for picture in pictures]).double()
        for pictures in (pictures_a, pictures_b)
    )
    if len(loc_a) > 0 and (loc_a - loc_b).abs().max() > 7e-7 * loc_a.abs().max():
        return False
    terms = ["conf", "loc", "soft", "l2"]
    return all(abs(a[k] - b[k]) <= 5e-6 * abs(a[k]) for k in terms)


def suppression_is_stable(boxes, threshold, exact):
    """No pair of boxes overlaps by about the threshold."""
    overlaps = jaccard(boxes.double(), boxes.double()).flatten().tolist()
    single = jaccard(boxes, boxes).flatten().tolist()
    return all(
        clear(a, threshold, exact) and (a > threshold) == (b > threshold)
        for a, b in zip(overlaps, single)
    )
