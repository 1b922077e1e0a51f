"""Boxes: corner form [x1, y1, x2, y2], centre form [cx, cy, w, h], both relative to the picture."""

import torch


def to_corners(centres):
    cx, cy, w, h = centres.unbind(1)
    return torch.stack([cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2], dim=1)


def to_centres(corners):
    x1, y1, x2, y2 = corners.unbind(1)
    return torch.stack([(x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1], dim=1)


def area(corners):
    return (corners[:, 2] - corners[:, 0]) * (corners[:, 3] - corners[:, 1])


def jaccard(a, b):
    """IoU of every box of `a` with every box of `b`, corner form, [A, B]: no +1, no epsilon."""
    overlaps = a.new_zeros(len(a), len(b))
    for i, (x1, y1, x2, y2) in enumerate(a):
        width = torch.minimum(x2, b[:, 2]) - torch.maximum(x1, b[:, 0])
        height = torch.minimum(y2, b[:, 3]) - torch.maximum(y1, b[:, 1])
        inter = width.clamp(min=0) * height.clamp(min=0)
        overlaps[i] = inter / (area(a[i : i + 1]) + area(b) - inter)
    return overlaps


def encode(matched, priors, variances):
    """Offsets that lead from each prior (centre form) to its box (corner form)."""
    box = to_centres(matched)
    shift = (box[:, :2] - priors[:, :2]) / (variances[0] * priors[:, 2:])
    scale = torch.log(box[:, 2:] / priors[:, 2:]) / variances[1]
    return torch.cat([shift, scale], dim=1)


def decode(loc, priors, variances, clip=None):
    """The inverse of `encode`: boxes in corner form. `clip` bounds ln(side / prior's side)."""
    centre = priors[:, :2] + loc[:, :2] * variances[0] * priors[:, 2:]
    scale = loc[:, 2:] * variances[1]
    if clip is not None:
        scale = scale.clamp(max=clip)
    size = priors[:, 2:] * torch.exp(scale)
    return to_corners(torch.cat([centre, size], dim=1))
