"""The prior boxes of SSD (arXiv 1512.02325), one by one."""

from math import sqrt

import torch

from boxes import to_centres, to_corners

SSD300 = {
    "size": 300,
    "maps": [38, 19, 10, 5, 3, 1],
    "steps": [8, 16, 32, 64, 100, 300],
    "sizes": [30, 60, 111, 162, 213, 264, 315],
    "ratios": [[2], [2, 3], [2, 3], [2, 3], [2], [2]],
}


def prior_boxes(grid):
    """Priors in centre form, float64 [P, 4].

    `stepConvention`: `fixed` takes the listed steps, `imageOverMap` the side of the picture over the
    side of the map. `clip`: True clips the four numbers to [0, 1] (SSD's own code), "sizes" width and
    height alone (torchvision), "corners" the corners, which moves centres and sides of what reaches
    over an edge (bubbliiiing), False nothing.
    """
    size = grid["size"]
    rows = []
    for k, cells in enumerate(grid["maps"]):
        fixed = grid.get("stepConvention", "fixed") == "fixed"
        step = grid["steps"][k] if fixed else size / cells
        side = grid["sizes"][k] / size
        between = sqrt(side * grid["sizes"][k + 1] / size)
        for y in range(cells):
            for x in range(cells):
                cx, cy = (x + 0.5) * step / size, (y + 0.5) * step / size
                rows.append([cx, cy, side, side])
                rows.append([cx, cy, between, between])
                for ratio in grid["ratios"][k]:
                    rows.append([cx, cy, side * sqrt(ratio), side / sqrt(ratio)])
                    rows.append([cx, cy, side / sqrt(ratio), side * sqrt(ratio)])
    return clipped(torch.tensor(rows, dtype=torch.float64), grid.get("clip", True))


def clipped(priors, clip):
    if clip == "corners":
        return to_centres(to_corners(priors).clamp(0, 1))
    if clip == "sizes":
        return torch.cat([priors[:, :2], priors[:, 2:].clamp(0, 1)], dim=1)
    return priors.clamp(0, 1) if clip else priors
