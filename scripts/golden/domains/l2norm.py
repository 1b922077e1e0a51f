"""L2Norm alone: a convolution in front whose weight is L2Norm's input, number by number, and so has its
gradient; a predictor behind it, whose offsets and logits show what came out."""

import torch
from torch import nn

from domains.losses import values_of
from domains.run import Case
from hashed import near
from models.detector import Detector
from models.parts import L2Norm
from multibox import multibox
from targets import clear_salts, double, draw
from weights import fill

CLASSES = 3  # foreground
LIFT = 0
SIDES = [260, 400, 600, 900, 1300, 1900, 2700, 3500]  # of objects in 1/4096 of the picture
# Every negative counts, so that every cell has a gradient.
OPTIONS = {"negPosRatio": 1000, "variances": [0.1, 0.2]}
# About the length of a cell: from where its squares vanish in float32 to where they nearly overflow,
# about the 1e-10 above all; cells without any length.
LENGTHS = [1, 0, 20, 1e-3, 1e3, 1e-6, 1e6, 1e-9, 1e12, 1e-10, 1e18, 1e-11, 1e-13, 1e-16, 1e-19, 1e-25]

CASES = {
    "one-cell": {"channels": 256, "side": 1, "lengths": [20]},
    "ordinary": {"channels": 16, "side": 3, "lengths": [20]},
    "lengths": {"channels": 16, "side": 4, "lengths": LENGTHS},
}


class Cells(Detector):
    def __init__(self, channels, side):
        super().__init__({"ratios": []}, CLASSES + 1)
        self.front = nn.Conv2d(3, channels, side, side, bias=False)
        self.L2Norm = L2Norm(channels)
        self.loc = nn.ModuleList([nn.Conv2d(channels, 4, 1)])
        self.conf = nn.ModuleList([nn.Conv2d(channels, CLASSES + 1, 1)])

    def sources(self, x):
        return [self.L2Norm(self.front(x))]


def cases(run):
    for name, about in CASES.items():
        yield step(f"{run.seed}/{name}", name, **about)


def step(stream, name, channels, side, lengths):
    model = Cells(channels, side).double()
    placed = {"front.weight": cells(stream, channels, side, lengths)}
    fill(model, stream, LIFT, placed=placed)
    priors = one_prior_a_cell(stream, side)
    outputs = model(one_hot(side).double())
    salts = clear_salts(stream, SIDES, outputs, None, priors, OPTIONS, 2e-5)
    targets = double(draw(stream, SIDES, salts, CLASSES))
    terms, _ = multibox(*outputs, targets, priors.double(), OPTIONS)
    (terms["conf"] + terms["loc"]).backward()
    tensors = {
        "priors": priors,
        "loc": outputs[0],
        "conf": outputs[1],
        **{f"terms/{key}": value for key, value in values_of(terms).items()},
        **{f"grad/{key}": p.grad.float() for key, p in model.named_parameters()},
    }
    assert all(tensor.isfinite().all() for tensor in tensors.values()), name
    about = {
        "stream": stream,
        "channels": channels,
        "side": side,
        "lengths": lengths,
        "classes": CLASSES,
        "lift": LIFT,
        "sides": SIDES,
        "truths": salts,
        "loss": OPTIONS,
    }
    return Case(name, about, tensors)


def cells(stream, channels, side, lengths):
    """The convolution's weight [channels, 3, side, side]: what every cell of three pictures becomes, one
    channel of it a picture."""
    columns = []
    for i in range(3 * side * side):
        spread = lengths[i % len(lengths)] * (3 / channels) ** 0.5
        columns.append(near(f"{stream}/cell{i}", [channels], 0, spread))
    return torch.stack(columns, dim=1).reshape(channels, 3, side, side)


def one_hot(side):
    """Three pictures of side x side patches of side x side pixels. In the patch of a cell the pixel at
    the cell's own place is 1, in the picture's own channel."""
    pictures = torch.zeros(3, 3, side * side, side * side)
    at = torch.arange(side) * (side + 1)
    for b in range(3):
        pictures[b, b][at.unsqueeze(1), at] = 1
    return pictures


def one_prior_a_cell(stream, side):
    """[P, 4]: of many sizes, so that no truth lies in two alike."""
    middle = (torch.arange(side) + 0.5) / side
    y, x = torch.meshgrid(middle, middle, indexing="ij")
    sides = near(f"{stream}/priors", [side * side, 2], 0.4, 0.3)
    return torch.cat([torch.stack([x, y], dim=2).reshape(-1, 2), sides], dim=1)
