"""Moves a network's decisions away from its numbers.

A ReLU whose input is 1e-8 lets a gradient pass in one precision and stops it in another: among the
millions of inputs of a real network some always are that near, and one such flip changes gradients by
1e-3 and more, whatever the precision of the rest. So before a model is compared, each bias in front of
an activation moves (by a small part of the deviation of what it shifts) to where the activation's kinks
fall into the widest gap between its inputs. A max pool that hesitates between two pixels gets another
draw of that channel's filter.
"""

import torch
from torch import nn

KINKS = {
    nn.ReLU: (0.0,),
    nn.ReLU6: (0.0, 6.0),
    nn.Hardswish: (-3.0, 3.0),
    nn.Hardsigmoid: (-3.0, 3.0),
}
WINDOW = 0.2  # a bias moves at most this part of the deviation
CLEAR = 4e-6  # distance that must remain, likewise


class Unclear(Exception):
    """Output channels of a convolution whose pool hesitates."""

    def __init__(self, conv, channels):
        super().__init__(f"{conv}: {channels}")
        self.conv, self.channels = conv, channels


def place(refill, model, images):
    """Fills a float64 model with clear decisions for a training pass over `images`.

    `refill(salts, placed)` loads drawn weights. Returns the salts, the biases that were moved (name ->
    float32), and the smallest distance left, as a part of the deviation.
    """
    salts = {}
    for _ in range(40):
        refill(salts, {})
        try:
            biases = shift_biases(model, images)
        except Unclear as unclear:
            of_conv = salts.setdefault(f"{unclear.conv}.weight", {})
            for channel in unclear.channels:
                of_conv[channel] = of_conv.get(channel, 0) + 1
            continue
        refill(salts, biases)
        distance = smallest_distance(model, images)
        refill(salts, biases)  # the pass has moved the statistics
        return salts, biases, distance
    raise RuntimeError("expected pools with clear decisions, found none in 40 draws")


def watch(model, images, on_activation, on_pool):
    """Runs a training pass; callbacks get the module, its input, and what ran last before it: the bias
    that shifts the input and the convolution that made it."""
    last = {}
    handles = []

    def ran(name):
        def hook(module, inputs, output):
            last["bias"] = f"{name}.bias" if module.bias is not None else last.get("bias")
            if isinstance(module, nn.Conv2d):
                last["conv"] = name

        return hook

    for name, module in model.named_modules():
        if isinstance(module, (nn.Conv2d, nn.BatchNorm2d)):
            handles.append(module.register_forward_hook(ran(name)))
        elif type(module) in KINKS:
            handles.append(
                module.register_forward_pre_hook(
                    lambda m, inputs: on_activation(m, inputs[0], last["bias"])
                )
            )
        elif isinstance(module, nn.MaxPool2d):
            handles.append(
                module.register_forward_pre_hook(lambda m, inputs: on_pool(m, inputs[0], last["conv"]))
            )
    try:
        with torch.no_grad():
            model.train()(images)
    finally:
        for handle in handles:
            handle.remove()


def shift_biases(model, images):
    parameters, moved = dict(model.named_parameters()), {}

    def on_activation(module, x, name):
        bias = parameters[name]
        shift = torch.stack([gap(channel, KINKS[type(module)]) for channel in by_channel(x)])
        new = (bias + shift).float()
        moved[name] = new
        shift = new.double() - bias
        bias.copy_(new)
        return x + shift.reshape(1, -1, 1, 1)

    def on_pool(module, x, conv):
        hesitant = hesitation(module, x) < CLEAR
        if hesitant.any():
            raise Unclear(conv, hesitant.nonzero().flatten().tolist())

    watch(model, images, on_activation, on_pool)
    return moved


def smallest_distance(model, images):
    """Of all inputs from all kinks, and of the best two pixels of all pools."""
    smallest = [torch.inf]

    def on_activation(module, x, name):
        for kink in KINKS[type(module)]:
            distance = (x - kink).abs().amin(dim=(0, 2, 3)) / deviation(x)
            smallest.append(distance.min().item())

    def on_pool(module, x, conv):
        smallest.append(hesitation(module, x).min().item())

    watch(model, images, on_activation, on_pool)
    return min(smallest)


def by_channel(x):
    return x.transpose(0, 1).flatten(1)


def deviation(x):
    """[C], at least a thousandth of that of the whole map, so that a silent channel counts as one."""
    return by_channel(x).std(dim=1, correction=0).clamp(min=x.std().item() / 1000)


def gap(values, kinks):
    """The shift within the window that leaves the most room around every kink."""
    window = WINDOW * values.std(correction=0).clamp(min=1e-3)
    shifts = torch.cat([kink - values for kink in kinks])
    near = shifts[shifts.abs() < window]
    edges = torch.cat([-window.reshape(1), near.sort().values, window.reshape(1)])
    widths = edges.diff()
    widest = widths.argmax()
    return edges[widest] + widths[widest] / 2


def hesitation(pool, x):
    """[C]: the smallest difference between the best two pixels of a window, as a part of the
    deviation. Windows whose best is 0 are dead: what they choose takes no gradient."""
    k, s, p = pool.kernel_size, pool.stride, pool.padding
    high = pool.forward(x).shape[2]  # not a call: hooks of the pool would run
    more = max(0, (high - 1) * s + k - x.shape[2] - p)
    padded = nn.functional.pad(x, (p, more, p, more), value=-torch.inf)
    windows = padded.unfold(2, k, s).unfold(3, k, s)[:, :, :high, :high].flatten(4)
    best = windows.topk(2, dim=4).values
    apart = (best[..., 0] - best[..., 1]).masked_fill(best[..., 0] <= 0, torch.inf)
    return apart.amin(dim=(0, 2, 3)) / deviation(x)
