"""SSD's augmentation as ssd.pytorch draws it: what happens to one picture, without its pixels.

Colours, then a canvas, a patch of it, a mirror. Two corners of that code are not followed: it draws a
patch's left and top from 1 pixel on instead of 0, and its overlap rule rejects nothing (see OVERLAP).
"""

from dataclasses import dataclass

from colour import Colour

# The least overlap of a patch with a truth; the first mode keeps the canvas, the last takes any patch.
MODES = [None, 0.1, 0.3, 0.7, 0.9, 0.0]
TRIALS = 50
ORDERS = [(0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)]
# "reached": some truth overlaps the patch enough, as the article asks and Caffe's and torchvision's
# code do. "ignored": none has to.
OVERLAP = {
    "reached": lambda rect, truths, least: any(iou(rect, truth) >= least for truth in truths),
    "ignored": lambda rect, truths, least: True,
}


@dataclass
class Drawn:
    mode: int  # index into MODES, of the one that ended the search
    view: tuple  # left, top, width, height in the picture's pixels
    mirror: bool
    colour: Colour | None
    kept: int  # truths


def draw(rng, size, truths, options, overlap="reached"):
    """What happens to a picture of `size` (width, height) with `truths` (corners in pixels); `rng` is
    a random.Random, `options` say whether to draw photometric, expand, crop and mirror."""
    colour = draw_colour(rng) if options["photometric"] else None
    canvas = (0, 0, *size)
    if options["expand"] and coin(rng):
        canvas = draw_canvas(rng, *size)
    mode, rect = 0, canvas
    if options["crop"]:
        mode, rect = draw_patch(rng, canvas, truths, OVERLAP[overlap])
    kept = [truth for truth in truths if mode == 0 or holds_centre(rect, truth)]
    view = (rect[0], rect[1], rect[2] - rect[0], rect[3] - rect[1])
    return Drawn(mode, view, options["mirror"] and coin(rng), colour, len(kept))


def coin(rng):
    return rng.random() < 0.5


def draw_colour(rng):
    colour = Colour()
    if coin(rng):
        colour.brightness = rng.uniform(-32, 32)
    colour.contrast_first = coin(rng)
    if coin(rng):
        colour.contrast = rng.uniform(0.5, 1.5)
    if coin(rng):
        colour.saturation = rng.uniform(0.5, 1.5)
    if coin(rng):
        colour.hue = rng.uniform(-18, 18)
    if coin(rng):
        colour.channels = rng.choice(ORDERS)
    return colour


def draw_canvas(rng, width, height):
    """Corners, in pixels of the picture that lies on it."""
    ratio = rng.uniform(1, 4)
    left = int(rng.uniform(0, width * ratio - width))
    top = int(rng.uniform(0, height * ratio - height))
    return (-left, -top, int(width * ratio) - left, int(height * ratio) - top)


def draw_patch(rng, canvas, truths, overlaps):
    """A mode and the corners of its patch; a mode that finds none is drawn anew."""
    while True:
        mode = rng.randrange(len(MODES))
        if MODES[mode] is None:
            return mode, canvas
        for _ in range(TRIALS):
            rect = draw_rect(rng, canvas)
            if rect is None:
                continue
            # Where nothing can be lost any patch will do.
            if not truths:
                return mode, rect
            held = any(holds_centre(rect, truth) for truth in truths)
            if held and overlaps(rect, truths, MODES[mode]):
                return mode, rect


def draw_rect(rng, canvas):
    """Corners of a patch, or None when it is too long."""
    across, down = canvas[2] - canvas[0], canvas[3] - canvas[1]
    width = rng.uniform(0.3 * across, across)
    height = rng.uniform(0.3 * down, down)
    if not 0.5 <= height / width <= 2:
        return None
    left = rng.uniform(0, across - width)
    top = rng.uniform(0, down - height)
    within = (int(left), int(top), int(left + width), int(top + height))
    return tuple(corner + canvas[i % 2] for i, corner in enumerate(within))


def holds_centre(rect, box):
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return rect[0] < x < rect[2] and rect[1] < y < rect[3]


def iou(a, b):
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    return width * height / (area(a) + area(b) - width * height)


def area(box):
    return (box[2] - box[0]) * (box[3] - box[1])
