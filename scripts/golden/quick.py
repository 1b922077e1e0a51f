"""Matching like matching.py for thousands of scenes, in a few operations on the whole table of IoUs,
and whether its decisions are clear. Tables are [G, P], priors in centre form."""

import torch

from boxes import area, encode, to_corners
from stability import greedy_is_clear

# Of float32, to which the numbers of a picture are held.
ROUNDING = 2**-24


def overlaps(boxes, corners):
    low = torch.maximum(boxes[:, None, :2], corners[None, :, :2])
    high = torch.minimum(boxes[:, None, 2:], corners[None, :, 2:])
    inter = (high - low).clamp(min=0).prod(dim=2)
    return inter / (area(boxes)[:, None] + area(corners)[None] - inter)


def match(iou, options):
    """The truth of each prior, [P], -1 where it is background."""
    best, truth = iou.max(dim=0)  # of equals the first
    truth[best < options["overlapThreshold"]] = -1
    owned = greedy(iou) if options["conflict"] == "greedy" else iou.max(dim=1).indices.tolist()
    for owner, prior in enumerate(owned):
        if prior is not None:
            truth[prior] = owner
    return truth


def greedy(iou):
    """The prior of each truth: the best pair of those that are left, again and again."""
    left = iou.clone()
    best, place = left.max(dim=1)
    owned = [None] * len(iou)
    for _ in range(min(iou.shape)):
        truth = int(best.max(dim=0).indices)
        prior = int(place[truth])
        owned[truth] = prior
        left[truth] = -1
        left[:, prior] = -1
        robbed = place == prior
        best[robbed], place[robbed] = left[robbed].max(dim=1)
    return owned


def classes_of(truth, labels):
    """int64 [P], and the number of truths without a prior."""
    positive = truth >= 0
    classes = torch.zeros_like(truth)
    classes[positive] = labels[truth[positive]] + 1
    return classes, len(labels) - len(truth[positive].unique())


def offsets(truth, boxes, priors, variances):
    """Those of the positive priors, float64 [N, 4]."""
    positive = truth >= 0
    return encode(boxes[truth[positive]], priors[positive], variances)


def exact_is_clear(iou, boxes, corners, truth, options):
    """Boxes and priors on the lattice: rounded to float32, every IoU decides as before."""
    single = overlaps(boxes.float(), corners.float())
    assert single.equal(iou.float()), "expected numbers whose arithmetic is exact"
    threshold = torch.tensor(options["overlapThreshold"]).item()
    return match(single, {**options, "overlapThreshold": threshold}).equal(truth)


def rounded_is_clear(iou, boxes, priors, options):
    """Every decision stands however float32 rounds.

    A corner of a prior is off by half of ROUNDING, the sides of the intersection and of the prior by
    thrice that; of the IoU, whose union is no smaller than the prior, that makes the slack below.
    """
    slack = 5 * ROUNDING * (1 / priors[:, 2:]).sum(dim=1) + 4 * ROUNDING
    best, prior = iou.max(dim=1)
    others = (iou + slack).scatter(1, prior[:, None], -1).max(dim=1).values
    if (best - slack[prior] <= others).any():
        return False
    # Truths that are the same box tie whatever happens.
    distinct = list({tuple(box): i for i, box in enumerate(boxes.tolist())}.values())
    first, *second = iou[distinct].topk(min(2, len(distinct)), dim=0).values
    threshold = options["overlapThreshold"]
    if ((first - threshold).abs() <= slack).any():
        return False
    if second and ((first - second[0] <= 2 * slack) & (first > threshold)).any():
        return False
    return options["conflict"] == "last" or greedy_is_clear(iou)


def judge(scene, priors, options, exact):
    """The truth of each prior, and whether that is clear."""
    if len(scene.boxes) == 0:
        return torch.full((len(priors),), -1), True
    corners = to_corners(priors)
    iou = overlaps(scene.boxes, corners)
    truth = match(iou, options)
    if exact:
        return truth, exact_is_clear(iou, scene.boxes, corners, truth, options)
    return truth, rounded_is_clear(iou, scene.boxes, priors, options)
