"""Pictures and truths by name (test/support/pictures.ts draws the same)."""

from math import sqrt

import torch

from hashed import below, uniform

CELL = 25  # pixels of a patch


def images(name, batch, size):
    """float32 [B, 3, S, S], about -1 to 1: patches of one colour each, under noise.

    Noise alone looks the same everywhere once a few layers have averaged it.
    """
    side = -(-size // CELL)
    patches = uniform(f"{name}/patches", batch * 3 * side * side).reshape(batch, 3, side, side)
    where = torch.arange(size) // CELL
    noise = uniform(f"{name}/noise", batch * 3 * size * size).reshape(batch, 3, size, size)
    return (patches[:, :, where][:, :, :, where] * 0.75 + noise * 0.25).float()


def sides_for(grid):
    """Sides of objects in 1/4096 of the picture: the squares of every map of a grid, so that each map
    learns. Nothing smaller: it would lie inside several equal priors, and which of these fits best is
    rounding."""
    sizes = grid["sizes"]
    squares = [*sizes[:-1], *(sqrt(a * b) for a, b in zip(sizes, sizes[1:]))]
    return [min(round(4096 * size / grid["size"]), 3600) for size in squares]


def truths(name, sides, classes):
    """Boxes [G, 4] in corner form and labels [G] of one picture: one object of each of `sides`, its width
    and height off by up to an eighth, somewhere inside. Multiples of 2^-12, exact in float32."""
    count = len(sides)
    sides = torch.tensor(sides).unsqueeze(1)
    sides = sides + (sides * (below(f"{name}/sides", count * 2, 513).reshape(-1, 2) - 256) >> 11)
    starts = below(f"{name}/starts", count * 2, 4097).reshape(-1, 2) * (4096 - sides) >> 12
    boxes = torch.cat([starts, starts + sides], dim=1).float() / 4096
    return boxes, below(f"{name}/labels", count, classes)


TILE = 7  # pixels of a patch of one colour in a raster
# The colours of a raster: the lowest, how many above it, in steps of; and how far the noise goes.
KINDS = {
    "plain": (20, 216, 1, 18),
    "dark": (0, 40, 1, 12),
    "vivid": (0, 2, 255, 6),  # every channel full or empty
    "grey": (20, 216, 1, 18),
}


def raster(name, width, height, kind):
    """uint8 [H, W, 3]: tiles of one colour each, under noise."""
    low, count, step, noise = KINDS[kind]
    channels = 1 if kind == "grey" else 3
    rows, columns = -(-height // TILE), -(-width // TILE)
    tiles = low + step * below(f"{name}/tiles", rows * columns * channels, count)
    tiles = tiles.reshape(rows, columns, channels)
    y, x = torch.arange(height) // TILE, torch.arange(width) // TILE
    shake = below(f"{name}/noise", height * width * channels, 2 * noise + 1) - noise
    pixels = tiles[y][:, x] + shake.reshape(height, width, channels)
    return pixels.clamp(0, 255).to(torch.uint8).expand(height, width, 3)
