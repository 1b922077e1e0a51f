"""What a training picture shows of a decoded one: explicit layers, and some that the augmentation draws."""

import random

from augment import ORDERS, draw
from colour import Colour, distort
from domains.losses import ints
from domains.run import Case
from hashed import digest
from pictures import raster
from resample import Layer, render
from store import Big

MEAN, STD = [123, 117, 104], [58.4, 57.1, 57.4]
WHOLE = (0, 0, 61, 43)
# A pixel of this value or less keeps its colour: it must not hang on rounding which do.
CLEAR = 1e-3

VIEWS = {
    "whole": (WHOLE, 24),
    "identity": ((3, 2, 40, 40), 40),
    "enlarged": ((20, 10, 12, 9), 37),
    "half": ((0, 0, 60, 42), 21),
    "far-smaller": (WHOLE, 5),
    "thin": ((30, 0, 1, 43), 16),
    "low": ((0, 20, 61, 1), 16),
    "one-pixel": ((7, 5, 1, 1), 8),
    "to-one-pixel": ((5, 5, 20, 30), 1),
    "beyond-the-left": ((-17, 0, 61, 43), 24),
    "beyond-the-top": ((0, -11, 61, 43), 24),
    "beyond-the-right": ((23, 0, 61, 43), 24),
    "beyond-the-bottom": ((0, 19, 61, 43), 24),
    "beyond-every-border": ((-35, -28, 161, 120), 33),
    "far-canvas": ((-120, -90, 244, 172), 24),
    "enlarged-over-a-corner": ((55, 38, 11, 9), 37),
    "wholly-outside": ((70, 50, 20, 20), 16),
}

# Halves: no pixel comes to 0 exactly.
BRIGHT = {"brightness": 30.5}
DARK = {"brightness": -31.5}
STRONG = {"contrast": 1.4, "saturation": 1.45}
WEAK = {"contrast": 0.55, "saturation": 0.6}
COLOURS = {
    "no-colour": {},
    "brighter": BRIGHT,
    "darker": DARK,
    "more-contrast": {"contrast": 1.5},
    "less-contrast": {"contrast": 0.5},
    "more-saturation": {"saturation": 1.5},
    "less-saturation": {"saturation": 0.5},
    "hue-up": {"hue": 18},
    "hue-down": {"hue": -18},
    "contrast-first": {**BRIGHT, **STRONG, "hue": 9.25, "contrast_first": True},
    "contrast-last": {**BRIGHT, **STRONG, "hue": 9.25, "contrast_first": False},
    "all-down": {**DARK, **WEAK, "hue": -11.5, "contrast_first": False, "channels": (1, 2, 0)},
    "all-up": {**BRIGHT, **STRONG, "hue": 17.5, "channels": (2, 0, 1)},
    **{f"channels-{''.join(map(str, order))}": {"channels": order} for order in ORDERS},
}
# Colours that leave 0..255, on pictures where they do: nothing is clipped on the way.
KINDS = ["dark", "vivid", "grey"]
HARD = ["darker", "more-saturation", "hue-up", "hue-down", "contrast-last", "all-down", "all-up"]
EVERYTHING = dict.fromkeys(["photometric", "expand", "crop", "mirror"], True)


def cases(run):
    for name, (view, side) in VIEWS.items():
        yield case(run, name, Layer(view), side)
        yield case(run, f"{name}-mirrored", Layer(view, mirror=True), side)
    for name, fields in COLOURS.items():
        yield case(run, name, Layer(WHOLE, colour=Colour(**fields)))
    for kind in KINDS:
        for name in HARD:
            layer = Layer((-8, 4, 50, 50), colour=Colour(**COLOURS[name]))
            yield case(run, f"{kind}-{name}", layer, kind=kind)
    unscaled = Layer(WHOLE, colour=Colour(**COLOURS["all-up"]))
    yield case(run, "not-normalised", unscaled, mean=[0, 0, 0], std=[1, 1, 1])
    for i in range(8):
        yield drawn(run, i)


def drawn(run, i):
    """As an epoch has them, on a picture that stands upright."""
    rng = random.Random(f"{run.seed}/{i}")
    size, truths = (40, 50), [(4, 5, 30, 28), (20, 24, 39, 49)]
    while True:
        found = draw(rng, size, truths, EVERYTHING)
        layer = Layer(found.view, found.mirror, found.colour)
        if is_clear(raster(f"{run.seed}/drawn-{i}", *size, "plain"), layer):
            return case(run, f"drawn-{i}", layer, 32, size=size)


def case(run, name, layer, side=24, size=WHOLE[2:], kind="plain", mean=MEAN, std=STD):
    stream = f"{run.seed}/{name}"
    picture = raster(stream, *size, kind)
    assert is_clear(picture, layer), name
    image = render(picture, layer, side, mean, std)
    about = {"stream": stream, "picture": [*size], "kind": kind, "layer": as_json(layer)}
    about |= {"size": side, "mean": mean, "std": std}
    # Of the picture, so that a wrong one is told from a wrong layer.
    tensors = {"picture": ints([digest(picture)]), "image": Big(image.unsqueeze(0), 192)}
    return Case(name, about, tensors)


def is_clear(picture, layer):
    """Is no pixel's value about 0 where saturation and hue look at it?"""
    if layer.colour is None:
        return True
    before = Colour(
        brightness=layer.colour.brightness,
        contrast=layer.colour.contrast if layer.colour.contrast_first else 1,
    )
    value = distort(picture.double(), before).amax(dim=-1)
    exact = layer.colour.brightness == 0
    return bool(((value.abs() > CLEAR) | (exact & (value == 0))).all())


def as_json(layer):
    """A LayerSpec of lib/native.ts."""
    colour = layer.colour and {
        "brightness": layer.colour.brightness,
        "contrast": layer.colour.contrast,
        "saturation": layer.colour.saturation,
        "hue": layer.colour.hue,
        "contrastFirst": layer.colour.contrast_first,
        "channels": layer.colour.channels,
    }
    return {"view": layer.view, "mirror": layer.mirror, "colour": colour}
