"""SSD's photometric distortion of one picture, in float and without any clipping."""

from dataclasses import dataclass

import torch

from hsv import from_hsv, to_hsv


@dataclass
class Colour:
    brightness: float = 0.0  # added, of 255
    contrast: float = 1.0
    saturation: float = 1.0
    hue: float = 0.0  # degrees
    contrast_first: bool = True  # before saturation and hue, or after
    channels: tuple = (0, 1, 2)  # the source of each output channel


def distort(picture, colour):
    """float64 [H, W, 3] of RGB around 0..255."""
    picture = picture + colour.brightness
    if colour.contrast_first:
        picture = picture * colour.contrast
    picture = turn(picture, colour.saturation, colour.hue)
    if not colour.contrast_first:
        picture = picture * colour.contrast
    return picture[..., list(colour.channels)]


def turn(picture, saturation, hue):
    """Through HSV. Grey has no hue to turn, and what is not above black no saturation."""
    h, s, v = to_hsv(picture)
    h = h + hue
    h = torch.where(h >= 360, h - 360, h)
    h = torch.where(h < 0, h + 360, h)
    coloured = (v > 0) & (s > 0)
    return torch.where(coloured.unsqueeze(2), from_hsv(h, s * saturation, v), picture)
