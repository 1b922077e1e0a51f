"""A training step of every preset: outputs, losses, the gradient of every parameter, statistics."""

from copy import deepcopy
from functools import partial

import torch

from domains.losses import values_of
from domains.run import Case
from models import build
from multibox import multibox
from pictures import images, sides_for
from placing import place
from priors import prior_boxes
from store import Big
from targets import clear_salts, double, draw
from weights import fill

CLASSES = 5  # foreground
# Backbone -> pictures, and the lift of BatchNorms (see weights.py). LibTorch adds up what a BatchNorm
# sees number by number in float32, so the fewer the better; but the MobileNets have BatchNorms on maps of
# one cell, where two or three numbers would make no statistics.
SETTINGS = {
    "vgg": (1, 0),
    "stages": (2, 1),
    "resnet": (1, 1.2),
    "mobilenetv2": (4, 2),
    "mobilenetv3": (4, 2),
}


def cases(run):
    for name, preset in run.presets.items():
        yield step(f"{run.seed}/{name}", name, preset)


def step(stream, name, preset):
    model = build(name, preset, CLASSES + 1).double()
    batch, lift = SETTINGS[preset["backbone"]["kind"]]
    pictures, sides = images(stream, batch, preset["size"]), sides_for(preset)
    refill = partial(fill, model, stream, lift)
    salts, placed, distance = place(refill, model, pictures.double())
    tensors = {f"placed/{key}": value for key, value in placed.items()}

    with torch.no_grad():
        loc, conf = model.eval()(pictures.double())
    tensors |= {"eval/loc": Big(loc), "eval/conf": Big(conf)}

    single = deepcopy(model).float().to(memory_format=torch.channels_last)
    priors, options = prior_boxes(preset).float(), {"variances": preset["variances"]}
    outputs = model.train()(pictures.double())
    drawn = clear_salts(stream, sides, outputs, None, priors, options, 5e-5)
    targets = draw(stream, sides, drawn, CLASSES)
    terms, _ = multibox(*outputs, double(targets), priors.double(), options)
    (terms["conf"] + terms["loc"]).backward()
    tensors |= {f"terms/{key}": value for key, value in values_of(terms).items()}
    tensors |= {f"grad/{key}": Big(p.grad) for key, p in model.named_parameters()}
    tensors |= {f"state/{key}": Big(value) for key, value in model.named_buffers()}

    outputs = single.train()(pictures.contiguous(memory_format=torch.channels_last))
    terms, _ = multibox(*outputs, targets, priors, options)
    (terms["conf"] + terms["loc"]).backward()
    faint = vanishing(model)
    about = {
        "preset": name,
        "stream": stream,
        "batch": batch,
        "classes": CLASSES,
        "lift": lift,
        "sides": sides,
        "truths": drawn,
        "salts": salts,
        "vanishing": faint,
        "float32": worst_error(single, model, faint),
        "distance": distance,
    }
    return Case(name, about, tensors)


def vanishing(model):
    """Parameters without a gradient but for rounding: biases whose shift a BatchNorm takes away.

    Not those without any: the predictors of a map that no truth has a prior on.
    """
    sizes = {name: p.grad.abs().max().item() for name, p in model.named_parameters()}
    most = max(sizes.values())
    faint = [name for name, size in sizes.items() if 0 < size < 1e-10 * most]
    for name in faint:
        assert name.endswith(".bias"), f"{name}: expected a gradient, got {sizes[name]}"
    return faint


def worst_error(single, double, faint):
    """How far PyTorch itself is from float64 in float32 and the engine's memory layout."""
    errors = [
        ((a.grad - b.grad).abs().max() / b.grad.abs().max()).item()
        for (name, b), a in zip(double.named_parameters(), single.parameters())
        if name not in faint and b.grad.any()
    ]
    assert max(errors) < 1e-3, f"expected a network that float32 can follow, got {max(errors)}"
    return max(errors)
