"""SSD on MobileNetV2 (arXiv 1801.04381). Names as torchvision's: `features.*`. SSDLite over the grid of
SSD300, whose maps of 38 and 19 cells are the expansions inside features 7 and 14; and bubbliiiing's."""

from torch import nn

from models.detector import Detector
from models.parts import (
    MAPS_5_3_1,
    L2Norm,
    chain,
    conv_norm,
    features_of,
    plain_head,
    separable_extras,
    separable_head,
)

# Expansion, output channels, repeats, stride of the first: table 2 of the paper.
TABLE = [
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
]


# Channels and expansion of the extra maps of bubbliiiing's SSD.
RESIDUAL_EXTRAS = [(512, 0.2), (256, 0.25), (256, 0.5), (64, 0.25)]


class InvertedResidual(nn.Module):
    def __init__(self, width, out, expansion, stride):
        super().__init__()
        inner = round(width * expansion)
        layers = [conv_norm(width, inner)] if expansion != 1 else []
        layers.append(conv_norm(inner, inner, 3, stride, groups=inner))
        layers += [nn.Conv2d(inner, out, 1, bias=False), nn.BatchNorm2d(out)]
        self.conv = nn.Sequential(*layers)
        self.use_res_connect = stride == 1 and width == out

    def forward(self, x):
        return x + self.conv(x) if self.use_res_connect else self.conv(x)


def body():
    features, width = [conv_norm(3, 32, 3, 2)], 32
    for expansion, out, repeats, stride in TABLE:
        for i in range(repeats):
            features.append(InvertedResidual(width, out, expansion, stride if i == 0 else 1))
            width = out
    return nn.Sequential(*features, conv_norm(width, 1280))


class MobileNetV2Ssd(Detector):
    def __init__(self, grid, classes):
        super().__init__(grid, classes)
        self.features = body()
        self.extras = separable_extras(1280, MAPS_5_3_1)
        self.add_heads([192, 576, 1280, 512, 256, 256], separable_head)

    def sources(self, x):
        maps = features_of(self.features, [7, 14], x)
        return [*maps, *chain(self.extras, maps[-1])]


class BubbliiiingSsd(Detector):
    """That of bubbliiiing/ssd-pytorch, on maps of 19, 10, 5, 3, 2, 1: features 13 under L2Norm,
    features 18, and inverted residuals, each under a ReLU."""

    def __init__(self, grid, classes):
        super().__init__(grid, classes)
        self.features = body()
        self.L2Norm = L2Norm(96)
        self.extras, width = nn.ModuleList(), 1280
        for out, expansion in RESIDUAL_EXTRAS:
            self.extras.append(InvertedResidual(width, out, expansion, 2))
            width = out
        self.relu = nn.ReLU()
        self.add_heads([96, 1280, 512, 256, 256, 64], plain_head)

    def sources(self, x):
        x = self.features[:14](x)
        maps = [self.L2Norm(x), self.features[14:](x)]
        for stretch in self.extras:
            maps.append(self.relu(stretch(maps[-1])))
        return maps
