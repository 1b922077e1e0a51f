"""The SSD on MobileNetV2 of bubbliiiing/ssd-pytorch, from its description: names of its state dict
(`mobilenet`, `L2Norm`, `extras`, `loc`, `conf`), its 3000 priors.
"""

from math import sqrt

import torch
from torch import nn

from plain_ssd import L2Norm, conv_heads, conv_norm, rows

SIDE = 300
MAPS = [19, 10, 5, 3, 2, 1]
SIZES = [30, 60, 111, 162, 213, 264, 315]
CHANNELS = [96, 1280, 512, 256, 256, 64]
# Expansion, channels, stride of the blocks 1 to 17.
BODY = [(1, 16, 1), (6, 24, 2), (6, 24, 1), (6, 32, 2), (6, 32, 1), (6, 32, 1), (6, 64, 2)]
BODY += [(6, 64, 1)] * 3 + [(6, 96, 1)] * 3 + [(6, 160, 2)] + [(6, 160, 1)] * 2 + [(6, 320, 1)]
EXTRAS = [(0.2, 512, 2), (0.25, 256, 2), (0.5, 256, 2), (0.25, 64, 2)]


class Residual(nn.Module):
    """Pointwise (unless the expansion is 1), depthwise, linear pointwise."""

    def __init__(self, channels, expansion, out, stride):
        super().__init__()
        hidden = round(channels * expansion)
        widen = [] if expansion == 1 else [conv_norm(channels, hidden)]
        deep = conv_norm(hidden, hidden, 3, stride, groups=hidden)
        linear = [nn.Conv2d(hidden, out, 1, bias=False), nn.BatchNorm2d(out)]
        self.conv = nn.Sequential(*widen, deep, *linear)
        self.adds = stride == 1 and channels == out

    def forward(self, x):
        return x + self.conv(x) if self.adds else self.conv(x)


def blocks(channels, settings):
    made = []
    for expansion, out, stride in settings:
        made.append(Residual(channels, expansion, out, stride))
        channels = out
    return made


class MobileNetV2SSD(nn.Module):
    """classes: with the background. Images [B, 3, 300, 300] of RGB - (104, 117, 123)."""

    def __init__(self, classes):
        super().__init__()
        self.classes = classes
        first, last = conv_norm(3, 32, 3, 2), conv_norm(320, 1280)
        self.mobilenet = nn.Sequential(first, *blocks(32, BODY), last)
        self.L2Norm = L2Norm(96)
        self.extras = nn.ModuleList(blocks(1280, EXTRAS))
        self.loc = conv_heads(CHANNELS, [6] * 6, 4)
        self.conf = conv_heads(CHANNELS, [6] * 6, classes)

    def forward(self, images):
        x = self.mobilenet[:14](images)
        maps = [self.L2Norm(x)]
        x = self.mobilenet[14:](x)
        maps.append(x)
        for block in self.extras:
            x = torch.relu(block(x))
            maps.append(x)
        return rows(self.loc, maps, 4), rows(self.conf, maps, self.classes)


def corner_priors():
    """float64 [3000, 4], corners relative to the picture, clipped to it."""
    found = []
    for k, cells in enumerate(MAPS):
        side, between = SIZES[k], sqrt(SIZES[k] * SIZES[k + 1])
        shapes = [(side, side), (between, between)]
        for ratio in [2, 1 / 2, 3, 1 / 3]:
            shapes.append((side * sqrt(ratio), side / sqrt(ratio)))
        for y in range(cells):
            for x in range(cells):
                cx, cy = (x + 0.5) * SIDE / cells, (y + 0.5) * SIDE / cells
                for w, h in shapes:
                    found.append([cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2])
    return (torch.tensor(found, dtype=torch.float64) / SIDE).clamp(0, 1)
