"""What every SSD detector has: source maps, and a predictor of offsets and of logits on each."""

import torch
from torch import nn


class Detector(nn.Module):
    """`sources(x)` of a subclass gives the maps, `add_heads` their predictors."""

    def __init__(self, grid, classes):
        super().__init__()
        self.classes = classes
        self.per_cell = [2 + 2 * len(ratios) for ratios in grid["ratios"]]

    def add_heads(self, widths, predictor):
        """`predictor(channels, out)` makes one."""
        pairs = list(zip(widths, self.per_cell, strict=True))
        self.loc = nn.ModuleList(predictor(width, cell * 4) for width, cell in pairs)
        self.conf = nn.ModuleList(predictor(width, cell * self.classes) for width, cell in pairs)

    def forward(self, x):
        maps = self.sources(x)
        loc = [rows(head(map), 4) for head, map in zip(self.loc, maps, strict=True)]
        conf = [rows(head(map), self.classes) for head, map in zip(self.conf, maps, strict=True)]
        return torch.cat(loc, dim=1), torch.cat(conf, dim=1)


def rows(map, columns):
    """[B, A * K, H, W] to [B, H * W * A, K]: cells row by row, the priors of a cell together."""
    return map.permute(0, 2, 3, 1).reshape(len(map), -1, columns)
