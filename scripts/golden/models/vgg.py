"""SSD on VGG (arXiv 1512.02325, section 3.1), named as in ssd.pytorch: `vgg.{index}`, `L2Norm`,
`extras.{0..7}`, `loc.{0..5}`, `conf.{0..5}`."""

import torch
from torch import nn

from models.detector import Detector, plain_head

# Output channels and kernel, stride, padding.
EXTRAS = [
    (256, 1, 1, 0),
    (512, 3, 2, 1),
    (128, 1, 1, 0),
    (256, 3, 2, 1),
    (128, 1, 1, 0),
    (256, 3, 1, 0),
    (128, 1, 1, 0),
    (256, 3, 1, 0),
]


class L2Norm(nn.Module):
    """x over its length across the channels, times a weight a channel (ParseNet)."""

    def __init__(self, channels):
        super().__init__()
        self.weight = nn.Parameter(torch.full([channels], 20.0))

    def forward(self, x):
        length = torch.linalg.vector_norm(x, dim=1, keepdim=True) + 1e-10
        return self.weight.reshape(1, -1, 1, 1) * (x / length)


class VggSsd(Detector):
    def __init__(self, layers, grid, classes):
        super().__init__(grid, classes)
        modules, width = [], 3
        for layer in layers:
            if isinstance(layer, int):
                modules += [nn.Conv2d(width, layer, 3, padding=1), nn.ReLU()]
                width = layer
            else:
                modules.append(nn.MaxPool2d(2, 2, ceil_mode=layer == "C"))
        # The last 2x2 pool ends the stride-8 stretch: its input is the first source.
        self.stride8 = max(i for i, m in enumerate(modules) if isinstance(m, nn.MaxPool2d))
        modules += [
            nn.MaxPool2d(3, 1, 1),
            nn.Conv2d(512, 1024, 3, padding=6, dilation=6),
            nn.ReLU(),
            nn.Conv2d(1024, 1024, 1),
            nn.ReLU(),
        ]
        self.vgg = nn.ModuleList(modules)
        self.L2Norm = L2Norm(512)
        self.extras, width = nn.ModuleList(), 1024
        for out, kernel, stride, padding in EXTRAS:
            self.extras.append(nn.Conv2d(width, out, kernel, stride, padding))
            width = out
        self.relu = nn.ReLU()
        self.add_heads([512, 1024, 512, 256, 256, 256], plain_head)

    def sources(self, x):
        maps = []
        for i, module in enumerate(self.vgg):
            if i == self.stride8:
                maps.append(self.L2Norm(x))
            x = module(x)
        maps.append(x)
        for i, conv in enumerate(self.extras):
            x = self.relu(conv(x))
            if i % 2 == 1:
                maps.append(x)
        return maps
