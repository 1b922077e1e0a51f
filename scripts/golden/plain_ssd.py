"""What SSD adds to a backbone, in plain PyTorch (arXiv 1512.02325), and random weights for it."""

import torch
from torch import nn

MAPS_8732 = [4, 6, 6, 6, 4, 4]  # priors a cell


class L2Norm(nn.Module):
    """x / (|x| + 1e-10) over the channels, times a weight for each channel."""

    def __init__(self, channels):
        super().__init__()
        self.weight = nn.Parameter(torch.full((channels,), 20.0))

    def forward(self, x):
        length = x.pow(2).sum(dim=1, keepdim=True).sqrt() + 1e-10
        return self.weight.view(1, -1, 1, 1) * x / length


class PlainExtras(nn.ModuleList):
    """SSD300's eight convolutions after a 19x19 map; gives the maps of 10, 5, 3 and 1."""

    def __init__(self, channels):
        widths = [channels, 256, 512, 128, 256, 128, 256, 128, 256]
        shapes = [{"kernel_size": 1}, {"kernel_size": 3, "stride": 2, "padding": 1}] * 2
        shapes += [{"kernel_size": 1}, {"kernel_size": 3}] * 2
        pairs = zip(widths[:-1], widths[1:], shapes)
        super().__init__(nn.Conv2d(a, b, **shape) for a, b, shape in pairs)

    def forward(self, x):
        maps = []
        for conv in self:
            x = torch.relu(conv(x))
            maps.append(x)
        return maps[1::2]


def conv_norm(a, b, kernel=1, stride=1, padding=None, groups=1, activation=nn.ReLU6, eps=1e-5):
    padding = kernel // 2 if padding is None else padding
    conv = nn.Conv2d(a, b, kernel, stride, padding, groups=groups, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(b, eps=eps), activation())


def conv_heads(sources, cells, columns):
    """A 3x3 convolution for each map. sources: channels; cells: priors a cell."""
    pairs = zip(sources, cells)
    return nn.ModuleList(nn.Conv2d(a, n * columns, 3, padding=1) for a, n in pairs)


def separable_heads(sources, cells, columns, eps):
    """SSDLite's: depthwise 3x3 with BatchNorm and ReLU6, then pointwise."""
    return nn.ModuleList(
        nn.Sequential(conv_norm(a, a, 3, groups=a, eps=eps), nn.Conv2d(a, n * columns, 1))
        for a, n in zip(sources, cells)
    )


def rows(heads, maps, columns):
    """[B, P, columns], cells row by row, map after map."""
    outputs = [head(x).permute(0, 2, 3, 1) for head, x in zip(heads, maps)]
    return torch.cat([y.reshape(len(y), -1, columns) for y in outputs], dim=1)


def randomise(model, images, rng):
    """Random numbers for every tensor, such that signals neither die nor explode.

    BatchNorm's statistics are first those of `images`, then moved; the layer in front keeps its
    start. `model` is left in evaluation mode.
    """
    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 1.0
    model.train()
    with torch.no_grad():
        for norm in norms:
            # Mostly above zero: where activations cut off half, every layer multiplies what rounding
            # did before it, and a deep network of random weights compares nothing but that.
            norm.weight.copy_(uniform(norm.weight, rng, 0.7, 1.1))
            norm.bias.copy_(uniform(norm.bias, rng, 0.5, 2.5))
        model(images)
        for norm, momentum in zip(norms, momenta):
            norm.momentum = momentum
            # Of the 1x1 map's few cells some channels hardly vary: dividing by that magnifies rounding.
            norm.running_var.clamp_(min=norm.running_var.mean().item() / 2)
            moved = uniform(norm.running_mean, rng, -0.2, 0.2)
            norm.running_mean += moved * norm.running_var.sqrt()
            norm.running_var *= uniform(norm.running_var, rng, 0.7, 1.4)
            norm.num_batches_tracked.random_(1, 10**6, generator=rng)
        for module in model.modules():
            if isinstance(module, nn.Conv2d) and module.bias is not None:
                module.bias.copy_(uniform(module.bias, rng, -0.3, 0.3))
        for name, parameter in model.named_parameters():
            if name.endswith(("L2Norm.weight", "scale_weight")):
                parameter.copy_(uniform(parameter, rng, 10, 30))
    model.eval()


def uniform(like, rng, low, high):
    return torch.empty_like(like).uniform_(low, high, generator=rng)
