"""SSDLite on MobileNetV3-Large (arXiv 1905.02244). Names as torchvision's: `features.{0..16}`.

`grid8732`: the maps of 38 and 19 cells are the expansions inside features 7 and 13. `ssdlite320` is
torchvision's: the first map is the expansion of features 13, four extra maps follow.
"""

from torch import nn

from models.detector import Detector
from models.parts import (
    MAPS_5_3_1,
    MAPS_5_3_2_1,
    chain,
    conv_norm,
    features_of,
    separable_extras,
    separable_head,
)

# Kernel, expanded and output channels, squeeze-and-excite, activation, stride: table 1 of the paper.
TABLE = [
    (3, 16, 16, False, nn.ReLU, 1),
    (3, 64, 24, False, nn.ReLU, 2),
    (3, 72, 24, False, nn.ReLU, 1),
    (5, 72, 40, True, nn.ReLU, 2),
    (5, 120, 40, True, nn.ReLU, 1),
    (5, 120, 40, True, nn.ReLU, 1),
    (3, 240, 80, False, nn.Hardswish, 2),
    (3, 200, 80, False, nn.Hardswish, 1),
    (3, 184, 80, False, nn.Hardswish, 1),
    (3, 184, 80, False, nn.Hardswish, 1),
    (3, 480, 112, True, nn.Hardswish, 1),
    (3, 672, 112, True, nn.Hardswish, 1),
    (5, 672, 160, True, nn.Hardswish, 2),
    (5, 960, 160, True, nn.Hardswish, 1),
    (5, 960, 160, True, nn.Hardswish, 1),
]
# Channels inside squeeze-and-excite: a quarter, a multiple of 8.
SQUEEZED = {72: 24, 120: 32, 480: 120, 672: 168, 960: 240}


class SqueezeExcite(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc1 = nn.Conv2d(channels, SQUEEZED[channels], 1)
        self.fc2 = nn.Conv2d(SQUEEZED[channels], channels, 1)
        self.activation, self.scale_activation = nn.ReLU(), nn.Hardsigmoid()

    def forward(self, x):
        gate = self.fc2(self.activation(self.fc1(self.avgpool(x))))
        return x * self.scale_activation(gate)


class InvertedResidual(nn.Module):
    def __init__(self, width, kernel, wide, out, squeezed, activation, stride):
        super().__init__()
        layers = [conv_norm(width, wide, activation=activation)] if wide != width else []
        layers.append(conv_norm(wide, wide, kernel, stride, groups=wide, activation=activation))
        layers += [SqueezeExcite(wide)] if squeezed else []
        self.block = nn.Sequential(*layers, conv_norm(wide, out, activation=None))
        self.use_res_connect = stride == 1 and width == out

    def forward(self, x):
        return x + self.block(x) if self.use_res_connect else self.block(x)


class MobileNetV3Ssd(Detector):
    def __init__(self, sources, grid, classes):
        super().__init__(grid, classes)
        lite = sources == "ssdlite320"
        features, width = [conv_norm(3, 16, 3, 2, activation=nn.Hardswish)], 16
        for i, (kernel, wide, out, squeezed, activation, stride) in enumerate(TABLE):
            if lite and i >= 12:  # section 6.3: from stride 32 on a detector is half as wide
                wide, out = (wide // 2 if i > 12 else wide), out // 2
            features.append(
                InvertedResidual(width, kernel, wide, out, squeezed, activation, stride)
            )
            width = out
        features.append(conv_norm(width, 6 * width, activation=nn.Hardswish))
        self.features = nn.Sequential(*features)
        self.extras = separable_extras(6 * width, MAPS_5_3_2_1 if lite else MAPS_5_3_1)
        self.expanded = [13] if lite else [7, 13]
        widths = [672, 480, 512, 256, 256, 128] if lite else [240, 672, 960, 512, 256, 256]
        self.add_heads(widths, separable_head)

    def sources(self, x):
        maps = features_of(self.features, self.expanded, x)
        return [*maps, *chain(self.extras, maps[-1])]
