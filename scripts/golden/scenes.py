"""Scenes of boxes by name, for matching (test/support/scenes.ts draws the same).

Every corner is an integer over `lattice`. On EXACT, with priors on it too, all areas, intersections
and unions are exact in float32, so that an IoU is its fraction rounded once and a tie is a tie.
"""

from dataclasses import dataclass

import torch

from hashed import below

EXACT = 2048
FINE = 2**20
DRAWS = 65536

# Steps in which boxes move and grow, least and largest side in these; all in 1/2048 of the picture.
KINDS = {
    "any": (1, 300, 1900),
    # Nearly square: a long box holds several priors of one size, which tie but for rounding.
    "even": (1, 300, 1500),
    "small": (1, 40, 300),
    "tiny": (1, 1, 4),
    "whole": (1, 1960, 2048),
    "coarse": (128, 1, 12),
    # A box that is there already, and one near it.
    "again": None,
    "near": None,
}


@dataclass
class Scene:
    boxes: torch.Tensor  # float64 [G, 4], corner form, exact in float32
    labels: torch.Tensor  # int64 [G], 0-based


def draw(stream, scenes, most, draws, kinds, lattice, classes):
    """`scenes` of 0 to `most` boxes, the least of `draws` draws: the more, the fewer."""
    counts = below(f"{stream}/counts", scenes * draws, most + 1).reshape(scenes, draws)
    counts = counts.min(dim=1).values.tolist()
    total = sum(counts)
    chosen = below(f"{stream}/kinds", total, len(kinds)).tolist()
    numbers = below(f"{stream}/numbers", total * 4, DRAWS).reshape(total, 4).tolist()
    labels = below(f"{stream}/labels", total, classes)
    found, at = [], 0
    for count in counts:
        boxes = []
        for i in range(at, at + count):
            boxes.append(box(kinds[chosen[i]], numbers[i], boxes, lattice))
        corners = torch.tensor(boxes, dtype=torch.float64).reshape(count, 4) / lattice
        found.append(Scene(corners, labels[at : at + count]))
        at += count
    return found


def box(kind, numbers, earlier, lattice):
    """Corners in units of the lattice."""

    def scaled(number, limit):
        return number * limit // DRAWS

    if KINDS[kind] is None and earlier:
        x1, y1, x2, y2 = earlier[scaled(numbers[0], len(earlier))]
        if kind == "again":
            return [x1, y1, x2, y2]
        size, reach = (x2 - x1, y2 - y1), lattice // 64
        moved = [scaled(number, 2 * reach + 1) - reach for number in numbers[2:]]
        start = [max(0, min(a + d, lattice - s)) for a, d, s in zip((x1, y1), moved, size)]
        return [*start, start[0] + size[0], start[1] + size[1]]
    step, least, largest = KINDS[kind] or KINDS["any"]
    finer = lattice // EXACT
    size = [least * finer + scaled(n, (largest - least) * finer + 1) for n in numbers[:2]]
    if kind == "even":
        size[1] = scaled(3 * DRAWS + 2 * numbers[1], size[0]) // 4
    start = [scaled(n, lattice // step - s + 1) for n, s in zip(numbers[2:], size)]
    return [step * v for v in (*start, start[0] + size[0], start[1] + size[1])]


def snapped(priors):
    """Priors (centre form) whose corners lie on EXACT: centres in its units, sides in twice these."""
    units = torch.tensor([1, 1, 2, 2]) / EXACT
    places = priors / units + 0.5
    # Whoever starts from float32 priors must not snap to a neighbour.
    assert ((places - places.round()).abs() > 1e-3).all()
    return places.floor() * units
