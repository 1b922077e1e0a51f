"""Which truth each prior learns, for one picture."""

from dataclasses import dataclass

import torch

from boxes import encode, jaccard, to_corners


@dataclass
class Match:
    classes: torch.Tensor  # int64 [P], 0 is background
    loc: torch.Tensor  # [P, 4]; zeros in a picture without boxes
    unmatched: int  # truths that own no positive prior at the end


def match(boxes, labels, priors, options):
    """Boxes in corner form [G, 4], labels 0-based, priors in centre form [P, 4].

    Every truth has at least one prior whose IoU is its highest and owns it, so a picture has no
    positive prior only when it has no truth: two truths on one prior leave that prior positive.
    """
    if len(boxes) == 0:
        classes = torch.zeros(len(priors), dtype=torch.int64)
        return Match(classes, torch.zeros_like(priors), 0)

    iou = jaccard(boxes, to_corners(priors))
    columns = list(zip(*iou.tolist()))
    best_truth = [first_highest(column) for column in columns]
    best_overlap = [max(column) for column in columns]
    owned = owners_greedy(iou) if options["conflict"] == "greedy" else owners_last(iou)
    for prior, truth in owned.items():
        best_truth[prior] = truth
        best_overlap[prior] = 2.0

    classes = torch.zeros(len(priors), dtype=torch.int64)
    for prior, truth in enumerate(best_truth):
        if best_overlap[prior] >= options["overlapThreshold"]:
            classes[prior] = int(labels[truth]) + 1
    served = {truth for prior, truth in enumerate(best_truth) if classes[prior] > 0}
    matched = boxes[torch.tensor(best_truth)]
    loc = encode(matched, priors, options["variances"])
    return Match(classes, loc, len(boxes) - len(served))


def first_highest(values):
    """Index of the highest value, the lowest index on ties."""
    return values.index(max(values))


def owners_last(iou):
    """prior -> truth: every truth takes its best prior; of two that want the same, the last."""
    owned = {}
    for truth, row in enumerate(iou.tolist()):
        owned[first_highest(row)] = truth
    return owned


def owners_greedy(iou):
    """prior -> truth: the highest IoU of all first, each truth and each prior once."""
    left = iou.clone()
    owned = {}
    for _ in range(min(iou.shape)):
        truth, prior = divmod(first_highest(left.flatten().tolist()), iou.shape[1])
        owned[prior] = truth
        left[truth, :] = -1
        left[:, prior] = -1
    return owned
