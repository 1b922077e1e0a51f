"""Finite differences: do the gradients of `multibox_kd` belong to its objective?"""

import torch

from multibox_kd import DEFAULTS, multibox_kd
from stability import MARGIN

STEP = 1e-6
TOLERANCE = 1e-6


def check(name, batch, grad_loc, grad_conf, pictures, rng):
    """Central differences of the objective, along random directions and along single numbers.

    The objective jumps where a decision flips, so rows that stand on an exact tie keep still.
    """
    free_loc, free_conf = free_rows(batch, pictures)
    assert free_loc.any() and free_conf.any(), f"{name}: no row is free to move"
    directions = []
    for _ in range(3):
        directions.append((torch.randn(batch.loc.shape, generator=rng), None))
        directions.append((None, torch.randn(batch.conf.shape, generator=rng)))
    for rows in (torch.stack([p.positive for p in pictures]), torch.ones_like(free_loc)):
        directions += [(d, None) for d in singles(batch.loc.shape, free_loc & rows, rng)]
    for rows in (torch.stack([p.selected for p in pictures]), torch.ones_like(free_conf)):
        directions += [(None, d) for d in singles(batch.conf.shape, free_conf & rows, rng)]

    for d_loc, d_conf in directions:
        d_loc = torch.zeros_like(batch.loc) if d_loc is None else d_loc.double()
        d_conf = torch.zeros_like(batch.conf) if d_conf is None else d_conf.double()
        d_loc = d_loc * free_loc.unsqueeze(-1)
        d_conf = d_conf * free_conf.unsqueeze(-1)
        slope = (along(batch, d_loc, d_conf, STEP) - along(batch, d_loc, d_conf, -STEP)) / STEP / 2
        expected = ((grad_loc * d_loc).sum() + (grad_conf * d_conf).sum()).item()
        assert abs(slope - expected) <= TOLERANCE * (1 + abs(expected)), (
            f"{name}: expected the slope {expected} of the gradient, differences give {slope}"
        )


def singles(shape, rows, rng):
    """Two directions, each along one number of one of the rows."""
    found = []
    candidates = rows.nonzero()
    for _ in range(2 if len(candidates) > 0 else 0):
        b, p = candidates[torch.randint(0, len(candidates), (), generator=rng)].tolist()
        direction = torch.zeros(shape)
        direction[b, p, torch.randint(0, shape[2], (), generator=rng)] = 1
        found.append(direction)
    return found


def along(batch, d_loc, d_conf, step):
    (loc, conf), *rest = batch.inputs()
    terms, _ = multibox_kd((loc + step * d_loc, conf + step * d_conf), *rest)
    return terms["objective"].item()


def free_rows(batch, pictures):
    """bool [B, P] for loc and for conf: rows away from any decision."""
    free_loc, free_conf = [], []
    for b, picture in enumerate(pictures):
        ds = (batch.loc[b] - picture.match.loc).square().sum(dim=1)
        dt = (batch.teacher_loc[b] - picture.match.loc).square().sum(dim=1)
        margin = batch.options.get("margin", DEFAULTS["margin"])
        free_loc.append((ds + margin - dt).abs() > MARGIN * (1 + dt))
        negative = picture.ce[picture.selected & ~picture.positive]
        cut = negative.min() if len(negative) > 0 else torch.inf
        free_conf.append(picture.positive | ((picture.ce - cut).abs() > MARGIN / 2))
    return torch.stack(free_loc), torch.stack(free_conf)
