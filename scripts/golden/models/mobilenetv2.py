"""SSDLite on MobileNetV2 (arXiv 1801.04381) over the grid of SSD300: the maps of 38 and 19 cells are
the expansions inside features 7 and 14. Names as torchvision's: `features.*`."""

from torch import nn

from models.detector import Detector, conv_norm, separable_head

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


class InvertedResidual(nn.Module):
    def __init__(self, width, out, expansion, stride):
        super().__init__()
        inner = width * expansion
        layers = [conv_norm(width, inner, 1)] if expansion > 1 else []
        layers.append(conv_norm(inner, inner, 3, stride=stride, groups=inner))
        layers += [nn.Conv2d(inner, out, 1, bias=False), nn.BatchNorm2d(out)]
        self.conv = nn.Sequential(*layers)
        self.residual = stride == 1 and width == out

    def forward(self, x):
        return x + self.conv(x) if self.residual else self.conv(x)


class MobileNetV2Ssd(Detector):
    def __init__(self, grid, classes):
        super().__init__(grid, classes)
        features, width = [conv_norm(3, 32, 3, stride=2)], 32
        for expansion, out, repeats, stride in TABLE:
            for i in range(repeats):
                features.append(InvertedResidual(width, out, expansion, stride if i == 0 else 1))
                width = out
        features.append(conv_norm(width, 1280, 1))
        self.features = nn.ModuleList(features)
        self.extras = nn.ModuleList(
            [extra(1280, 256, 512, 2, 1), extra(512, 128, 256, 2, 1), extra(256, 128, 256, 1, 0)]
        )
        self.add_heads([192, 576, 1280, 512, 256, 256], separable_head)

    def sources(self, x):
        maps = []
        for i, feature in enumerate(self.features):
            if i in (7, 14):
                maps.append(feature.conv[0](x))
                y = maps[-1]
                for layer in feature.conv[1:]:
                    y = layer(y)
                x = x + y if feature.residual else y
            else:
                x = feature(x)
        maps.append(x)
        for stretch in self.extras:
            x = stretch(x)
            maps.append(x)
        return maps


def extra(width, middle, out, stride, padding):
    return nn.Sequential(
        conv_norm(width, middle, 1),
        conv_norm(middle, middle, 3, stride=stride, groups=middle, padding=padding),
        conv_norm(middle, out, 1),
    )
