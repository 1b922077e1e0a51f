"""What a training picture shows of a decoded one, pixel by pixel."""

from dataclasses import dataclass

import torch

from colour import Colour, distort


@dataclass
class Layer:
    view: tuple  # left, top, width, height in the picture's pixels; it may reach outside
    mirror: bool = False
    colour: Colour | None = None


def render(picture, layer, side, mean, std):
    """u8 [H, W, 3] to float64 [3, side, side]: distorted, laid on a canvas of the mean, cropped,
    mirrored, resized, normalised, in this order."""
    picture = picture.double()
    if layer.colour is not None:
        picture = distort(picture, layer.colour)
    mean, std = (torch.tensor(each, dtype=torch.float64) for each in (mean, std))
    patch = crop(picture, layer.view, mean)
    if layer.mirror:
        patch = patch.flip(1)
    return ((resize(patch, side) - mean) / std).permute(2, 0, 1)


def crop(picture, view, mean):
    left, top, width, height = view
    patch = mean.expand(height, width, 3).clone()
    rows = slice(max(top, 0), min(top + height, picture.shape[0]))
    columns = slice(max(left, 0), min(left + width, picture.shape[1]))
    if rows.start < rows.stop and columns.start < columns.stop:
        inside = (
            slice(rows.start - top, rows.stop - top),
            slice(columns.start - left, columns.stop - left),
        )
        patch[inside] = picture[rows, columns]
    return patch


def resize(patch, side):
    """[H, W, 3] to [side, side, 3]: bilinear, half-pixel centres, no antialiasing."""
    rows, columns = (taps(length, side) for length in patch.shape[:2])
    return torch.einsum("yh,xw,hwc->yxc", rows, columns, patch)


def taps(length, side):
    """[side, length]: the weights of the two pixels around each output's centre; over the edge the
    outermost pixel counts twice."""
    at = (torch.arange(side, dtype=torch.float64) + 0.5) * length / side - 0.5
    low = at.floor()
    weights = torch.zeros(side, length, dtype=torch.float64)
    for tap, weight in [(low, 1 - (at - low)), (low + 1, at - low)]:
        weights.scatter_add_(1, tap.long().clamp(0, length - 1).unsqueeze(1), weight.unsqueeze(1))
    return weights
