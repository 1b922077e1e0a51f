"""Start weights from names and shapes alone (test/support/weights.ts draws the same)."""

from math import sqrt

import torch

from hashed import near

# Middle and spread; the bias comes on top of the case's `lift`.
NORM = {
    "weight": (1, 0.2),
    "bias": (0, 0.6),
    "running_mean": (0, 1),
    "running_var": (14, 6),
}


def draw(stream, name, shape, names, lift, salts):
    """Tensor `name` of a state dict of `names`, float32. `salts`: output channel -> which draw of it to
    take.

    `lift`: how far above zero a BatchNorm puts what it gives. Random networks of ReLUs that cut off half
    multiply a rounding error by 1.1 in each layer: by 1000 in the deepest ones here, after which no
    comparison says anything about the last layers. Too high, and nothing is left of a bias' gradient,
    since the next BatchNorm takes every shift away.
    """
    prefix, _, key = name.rpartition(".")
    if key == "num_batches_tracked":
        return torch.tensor(3)
    if f"{prefix}.running_mean" in names:
        middle, spread = NORM[key]
        middle = middle + lift if key == "bias" else middle
        return near(f"{stream}/{name}", shape, middle, spread)
    if name == "L2Norm.weight":
        return near(f"{stream}/{name}", shape, 20, 2)
    if len(shape) == 1:
        return near(f"{stream}/{name}", shape, 0, 0.1)
    # Uniform with the deviation of He et al. 2015, so that a chain of ReLUs keeps its scale; a quarter of
    # it for what predicts, so that no softmax is all but 0 and 1.
    predicts = name.startswith(("loc.", "conf.")) and f"{prefix}.bias" in names
    bound = sqrt(6 / torch.Size(shape[1:]).numel()) / (4 if predicts else 1)
    weight = near(f"{stream}/{name}", shape, 0, bound)
    for channel, salt in salts.items():
        weight[int(channel)] = near(f"{stream}/{name}#{channel}.{salt}", shape[1:], 0, bound)
    return weight


def fill(model, stream, lift, salts=None, placed=None):
    """Loads drawn weights into a module; `placed` holds tensors that take the place of drawn ones."""
    salts, placed = salts or {}, placed or {}
    shapes = {name: list(tensor.shape) for name, tensor in model.state_dict().items()}
    state = {
        name: draw(stream, name, shape, shapes, lift, salts.get(name, {}))
        for name, shape in shapes.items()
    }
    model.load_state_dict({**state, **placed})

