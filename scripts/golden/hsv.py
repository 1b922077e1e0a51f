"""RGB to HSV and back as OpenCV does it with floats: H in degrees, S and V without bounds."""

import torch


def to_hsv(rgb):
    """[..., 3] to three tensors [...]. S is 0 where V is not positive."""
    r, g, b = rgb.unbind(dim=-1)
    v, low = rgb.amax(dim=-1), rgb.amin(dim=-1)
    chroma = v - low
    whole = chroma.clamp(min=1e-300)
    h = 240 + 60 * (r - g) / whole
    h = torch.where(v == g, 120 + 60 * (b - r) / whole, h)
    h = torch.where(v == r, 60 * (g - b) / whole, h)
    h = torch.where(h < 0, h + 360, h)
    s = torch.where(v > 0, chroma / v.clamp(min=1e-300), 0)
    return h, s, v


def from_hsv(h, s, v):
    """The inverse: each sixth of the circle has one channel at V, one at V (1 - S), one between."""
    sector = (h / 60).floor()
    part = h / 60 - sector
    low, falling, rising = v * (1 - s), v * (1 - s * part), v * (1 - s * (1 - part))
    sixths = [
        (v, rising, low),
        (falling, v, low),
        (low, v, rising),
        (low, falling, v),
        (rising, low, v),
        (v, low, falling),
    ]
    out = torch.zeros(*h.shape, 3, dtype=h.dtype)
    for i, colours in enumerate(sixths):
        here = sector.long() % 6 == i
        out = torch.where(here.unsqueeze(-1), torch.stack(colours, dim=-1), out)
    return out
