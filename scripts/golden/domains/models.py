"""A training step of every preset: outputs, losses, the gradient of every parameter, statistics."""

from copy import deepcopy
from functools import partial

import torch

from domains.losses import values_of
from domains.run import Case
from models import build
from multibox import multibox
from pictures import images
from placing import place
from priors import prior_boxes
from store import Big
from targets import clear_salts, double, draw
from weights import fill

CLASSES = 5  # foreground
# Of presets with BatchNorm: fewer numbers make no statistics on the last map, which is one cell.
BATCH = 4


def cases(run):
    for name, preset in run.presets.items():
        yield step(f"{run.seed}/{name}", name, preset)


def step(stream, name, preset):
    model = build(name, preset, CLASSES + 1).double()
    norms = sum(isinstance(module, torch.nn.BatchNorm2d) for module in model.modules())
    batch, lift = (BATCH if norms > 0 else 1), (2 if norms > 20 else 1.2)
    pictures = images(stream, batch, preset["size"])
    refill = partial(fill, model, stream, lift)
    salts, placed, distance = place(refill, model, pictures.double())
    tensors = {f"placed/{key}": value for key, value in placed.items()}

    with torch.no_grad():
        loc, conf = model.eval()(pictures.double())
    tensors |= {"eval/loc": Big(loc), "eval/conf": Big(conf)}

    single = deepcopy(model).float().to(memory_format=torch.channels_last)
    priors, options = prior_boxes(preset).float(), {"variances": preset["variances"]}
    outputs = model.train()(pictures.double())
    drawn = clear_salts(stream, outputs, None, priors, options, 5e-5)
    targets = draw(stream, drawn, CLASSES)
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
        "truths": drawn,
        "salts": salts,
        "vanishing": faint,
        "float32": worst_error(single, model, faint),
        "distance": distance,
    }
    return Case(name, about, tensors)


def vanishing(model):
    """Parameters without a gradient but for rounding: biases whose shift a BatchNorm takes away."""
    sizes = {name: p.grad.abs().max().item() for name, p in model.named_parameters()}
    most = max(sizes.values())
    faint = [name for name, size in sizes.items() if size < 1e-10 * most]
    for name in faint:
        assert name.endswith(".bias"), f"{name}: expected a gradient, got {sizes[name]}"
    return faint


def worst_error(single, double, faint):
    """How far PyTorch itself is from float64 in float32 and the engine's memory layout."""
    errors = [
        ((a.grad - b.grad).abs().max() / b.grad.abs().max()).item()
        for (name, b), a in zip(double.named_parameters(), single.parameters())
        if name not in faint
    ]
    assert max(errors) < 1e-3, f"expected a network that float32 can follow, got {max(errors)}"
    return max(errors)
