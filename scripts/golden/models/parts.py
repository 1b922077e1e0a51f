"""What the detectors are made of. Activations are modules: placing.py looks at what enters them."""

import torch
from torch import nn


class L2Norm(nn.Module):
    """x over its length across the channels, times a weight a channel (ParseNet)."""

    def __init__(self, channels):
        super().__init__()
        self.weight = nn.Parameter(torch.full([channels], 20.0))

    def forward(self, x):
        length = torch.linalg.vector_norm(x, dim=1, keepdim=True) + 1e-10
        return self.weight.reshape(1, -1, 1, 1) * (x / length)


def conv_norm(width, out, kernel=1, stride=1, padding=None, groups=1, activation=nn.ReLU6):
    """Convolution without bias, BatchNorm, activation (none when None)."""
    padding = kernel // 2 if padding is None else padding
    conv = nn.Conv2d(width, out, kernel, stride, padding, groups=groups, bias=False)
    layers = [conv, nn.BatchNorm2d(out)]
    return nn.Sequential(*layers, *([activation()] if activation else []))


def plain_extras(width):
    """SSD300's eight convolutions after a 19x19 map (arXiv 1512.02325, section 3.1)."""
    outs = [256, 512, 128, 256, 128, 256, 128, 256]
    shapes = [{"kernel_size": 1}, {"kernel_size": 3, "stride": 2, "padding": 1}] * 2
    shapes += [{"kernel_size": 1}, {"kernel_size": 3}] * 2
    widths = [width, *outs[:-1]]
    return nn.ModuleList(nn.Conv2d(a, b, **shape) for a, b, shape in zip(widths, outs, shapes))


def plain_extra_maps(extras, relu, x):
    """Their maps of 10, 5, 3 and 1: every second one."""
    maps = []
    for conv in extras:
        x = relu(conv(x))
        maps.append(x)
    return maps[1::2]


# Middle and output channels, stride and padding of SSDLite's extra maps after one of 10x10.
MAPS_5_3_1 = [(256, 512, 2, 1), (128, 256, 2, 1), (128, 256, 1, 0)]
MAPS_5_3_2_1 = [(256, 512, 2, 1), (128, 256, 2, 1), (128, 256, 2, 1), (64, 128, 2, 1)]


def separable_extras(width, shapes):
    """Each pointwise, depthwise, pointwise (arXiv 1801.04381, 6.2)."""
    extras = nn.ModuleList()
    for middle, out, stride, padding in shapes:
        deep = conv_norm(middle, middle, 3, stride, padding, groups=middle)
        extras.append(nn.Sequential(conv_norm(width, middle), deep, conv_norm(middle, out)))
        width = out
    return extras


def plain_head(width, out):
    return nn.Conv2d(width, out, 3, padding=1)


def separable_head(width, out):
    """The predictor of SSDLite (arXiv 1801.04381, 6.2): depthwise, then pointwise."""
    return nn.Sequential(conv_norm(width, width, 3, groups=width), nn.Conv2d(width, out, 1))


def features_of(features, expanded, x):
    """What a MobileNet gives, and what is inside the features `expanded`: the results of their
    expansions, which SSDLite takes as source maps. Everything runs once: BatchNorms count."""
    maps = []
    for i, feature in enumerate(features):
        if i not in expanded:
            x = feature(x)
            continue
        first, *others = feature.block if hasattr(feature, "block") else feature.conv
        maps.append(first(x))
        y = maps[-1]
        for layer in others:
            y = layer(y)
        x = x + y if feature.use_res_connect else y
    return [*maps, x]


def chain(stretches, x):
    """The results of modules one after another."""
    maps = []
    for stretch in stretches:
        x = stretch(x)
        maps.append(x)
    return maps
