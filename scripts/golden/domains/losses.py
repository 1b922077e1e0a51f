"""Matching and both losses on the same batches."""

from functools import cache

import torch

import differences
from cases import batches
from domains.run import Case
from multibox import multibox
from multibox_kd import multibox_kd

drawn = cache(batches)  # by seed


def inputs(run):
    for name, batch in drawn(run.seed).items():
        counts = [len(boxes) for boxes, _ in batch.targets]
        values = {
            "priors": batch.priors,
            "boxes": torch.cat([boxes for boxes, _ in batch.targets]),
            "labels": torch.cat([labels for _, labels in batch.targets]).int(),
            "counts": ints(counts),
            "loc": batch.loc,
            "conf": batch.conf,
            "teacherLoc": batch.teacher_loc,
            "teacherConf": batch.teacher_conf,
        }
        yield Case(name, batch.options, values)


def matching(run):
    """The offsets of the positives only: nobody reads the others."""
    for name, batch in doubles(run):
        _, pictures = multibox_kd(*batch.inputs())
        classes = torch.stack([picture.match.classes for picture in pictures])
        loc = torch.stack([picture.match.loc for picture in pictures])
        values = {
            "classes": classes.int(),
            "positives": rows_of(classes > 0),
            "loc": loc[classes > 0],
            "unmatched": ints([sum(picture.match.unmatched for picture in pictures)]),
        }
        yield Case(name, batch.options, values)


def multibox_cases(run):
    for name, batch in doubles(run):
        loc, conf = batch.loc.requires_grad_(), batch.conf.requires_grad_()
        terms, pictures = multibox(loc, conf, batch.targets, batch.priors, batch.options)
        grads = gradients(terms["conf"] + terms["loc"], loc, conf)
        # What the article adds there are rows without loss, and without gradient.
        visible = name != "article"
        values = {**values_of(terms), **sparse(name, grads, pictures, visible)}
        yield Case(name, batch.options, values)


def multibox_kd_cases(run):
    for name, batch in doubles(run):
        loc, conf = batch.loc.requires_grad_(), batch.conf.requires_grad_()
        terms, pictures = multibox_kd(*batch.inputs())
        grads = gradients(terms["objective"], loc, conf)
        still = batch.to(torch.float64)
        still.loc, still.conf = loc.detach(), conf.detach()
        differences.check(name, still, *grads, pictures, torch.Generator().manual_seed(0))
        values = {**values_of(terms), **sparse(name, grads, pictures, True)}
        yield Case(name, batch.options, values)


def doubles(run):
    return [(name, batch.to(torch.float64)) for name, batch in drawn(run.seed).items()]


def values_of(terms):
    """Each term as a float64 tensor of one number."""
    return {
        key: torch.as_tensor(value, dtype=torch.float64).detach().reshape(1)
        for key, value in terms.items()
    }


def gradients(objective, loc, conf):
    grads = torch.autograd.grad(objective, [loc, conf], allow_unused=True)
    return [torch.zeros_like(x) if g is None else g for x, g in zip([loc, conf], grads)]


def sparse(name, grads, pictures, visible):
    """The rows with a gradient, flat over [B, P], and their gradients; all others are zero.

    Those of conf are the selected rows: a test sees the mining in them.
    """
    grad_loc, grad_conf = grads
    moved_loc = grad_loc.abs().amax(dim=2) > 0
    size = grad_conf.abs().amax(dim=2)
    moved_conf = size > 1e-30 * size.max()
    selected = torch.stack([picture.selected for picture in pictures])
    assert not (moved_conf & ~selected).any(), name
    if visible:
        assert moved_conf.equal(selected), f"{name}: a selected row has no gradient"
        assert (size[selected] > 1e-6 * size.max()).all(), f"{name}: a gradient is too faint"
    return {
        "rowsLoc": rows_of(moved_loc),
        "gradLoc": grad_loc[moved_loc],
        "rowsConf": rows_of(moved_conf),
        "gradConf": grad_conf[moved_conf],
    }


def rows_of(mask):
    return ints(mask.flatten().nonzero().flatten().tolist())


def ints(values):
    return torch.tensor(values, dtype=torch.int32).reshape(-1)
