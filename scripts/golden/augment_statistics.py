"""Writes test/golden/augment-statistics.json: how often SSD's augmentation does what, over many draws.

python3 scripts/golden/augment_statistics.py test/golden/augment-statistics.json
"""

import json
import random
import sys
from dataclasses import asdict
from math import sqrt
from pathlib import Path

sys.dont_write_bytecode = True

from augment import MODES, ORDERS, draw  # noqa: E402

DRAWS = 100_000
SIZE = (120, 90)
TRUTHS = {
    "two truths": [(15, 20, 45, 70), (70, 10, 110, 60)],
    "a tiny truth": [(60, 40, 64, 43)],
    "no truth": [],
}
NOTHING = {"photometric": False, "expand": False, "crop": False, "mirror": False}
CROP = {**NOTHING, "crop": True}
EVERYTHING = {"photometric": True, "expand": True, "crop": True, "mirror": True}


def runs():
    yield run("colours", "no truth", {**NOTHING, "photometric": True})
    yield run("canvas", "no truth", {**NOTHING, "expand": True})
    for scene in TRUTHS:
        yield run(f"patch, {scene}", scene, CROP)
    for scene in TRUTHS:
        yield run(f"everything, {scene}", scene, EVERYTHING)
    yield run("patch of any overlap", "two truths", CROP, "ignored")


def run(name, scene, options, overlap="reached"):
    rng = random.Random(name)
    drawn = [draw(rng, SIZE, TRUTHS[scene], options, overlap) for _ in range(DRAWS)]
    about = {"name": name, "truths": TRUTHS[scene], "options": options, "overlap": overlap}
    numbers = {key: spread(values) for key, values in numbers_of(drawn).items() if len(values) > 1}
    return {**about, "counts": counts_of(drawn, len(TRUTHS[scene])), "numbers": numbers}


def counts_of(drawn, truths):
    """Each a histogram of all draws."""
    colours = [each.colour for each in drawn if each.colour is not None]
    contrasts = [colour for colour in colours if colour.contrast != 1]
    return {
        "mode": histogram([each.mode for each in drawn], len(MODES)),
        "kept": histogram([each.kept for each in drawn], truths + 1),
        "mirror": histogram([each.mirror for each in drawn], 2),
        "whole": histogram([is_whole(each) for each in drawn], 2),
        "outside": histogram([is_outside(each) for each in drawn], 2),
        "brightness": histogram([colour.brightness != 0 for colour in colours], 2),
        "contrast": histogram([colour.contrast != 1 for colour in colours], 2),
        "saturation": histogram([colour.saturation != 1 for colour in colours], 2),
        "hue": histogram([colour.hue != 0 for colour in colours], 2),
        "contrastFirst": histogram([colour.contrast_first for colour in contrasts], 2),
        "channels": histogram([ORDERS.index(colour.channels) for colour in colours], len(ORDERS)),
    }


def numbers_of(drawn):
    """Of the views that are not the whole picture, relative to it, and of the colours that change."""
    views = [each.view for each in drawn if not is_whole(each)]
    colours = [asdict(each.colour) for each in drawn if each.colour is not None]
    neutral = {"brightness": 0, "contrast": 1, "saturation": 1, "hue": 0}
    changed = {
        key: [colour[key] for colour in colours if colour[key] != nothing]
        for key, nothing in neutral.items()
    }
    areas = {
        f"area of mode {mode}": [area(each.view) for each in drawn if each.mode == mode]
        for mode in range(1, len(MODES))
    }
    return {
        "left": [view[0] / SIZE[0] for view in views],
        "top": [view[1] / SIZE[1] for view in views],
        "width": [view[2] / SIZE[0] for view in views],
        "height": [view[3] / SIZE[1] for view in views],
        "area": [area(view) for view in views],
        "aspect": [view[2] / view[3] for view in views],
        "shareLeft": [share(view[0], view[2], SIZE[0]) for view in views if view[2] != SIZE[0]],
        "shareTop": [share(view[1], view[3], SIZE[1]) for view in views if view[3] != SIZE[1]],
        **areas,
        **changed,
    }


def share(start, length, whole):
    """Of the room there is: 0 where view and picture begin together, 1 where they end together."""
    return start / (whole - length)


def area(view):
    return view[2] * view[3] / (SIZE[0] * SIZE[1])


def is_whole(each):
    return each.view == (0, 0, *SIZE)


def is_outside(each):
    left, top, width, height = each.view
    return left < 0 or top < 0 or left + width > SIZE[0] or top + height > SIZE[1]


def histogram(values, length):
    return [sum(value == i for value in values) for i in range(length)]


def spread(values):
    """Number, mean, deviation, and the fourth moment in units of the deviation."""
    n = len(values)
    mean = sum(values) / n
    variance = sum((value - mean) ** 2 for value in values) / n
    fourth = sum((value - mean) ** 4 for value in values) / n
    kurtosis = fourth / variance**2 if variance > 0 else 1
    return {"n": n, "mean": mean, "deviation": sqrt(variance), "kurtosis": kurtosis}


def main():
    about = {"draws": DRAWS, "size": SIZE}
    lines = ",\n  ".join(json.dumps(each) for each in runs())
    text = json.dumps(about)[:-1] + f', "runs": [\n  {lines}\n]}}\n'
    Path(sys.argv[1]).write_text(text)


if __name__ == "__main__":
    main()
