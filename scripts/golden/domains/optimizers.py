"""The update rules: 20 steps of a network without kinks, where no decision can fall to the other side and
what is left is the rule itself. Two convolutions with a BatchNorm between them; every negative counts."""

import torch
from torch import nn

from domains.l2norm import OPTIONS, SIDES, one_prior_a_cell
from domains.run import Case
from domains.trajectories import column, losses_of, optimizer_of
from models.detector import Detector
from pictures import images
from store import Big
from targets import clear_salts, double, draw
from weights import fill

CLASSES = 3  # foreground
STEPS, BATCH, CHANNELS, SIDE = 20, 4, 8, 6
LIFT = 0

SGD = {"name": "sgd", "lr": 0.02, "momentum": 0.9, "weightDecay": 0}
ADAM = {"name": "adam", "lr": 2e-3, "weightDecay": 0}
RULES = {
    "sgd-plain": {**SGD, "momentum": 0},
    "sgd-momentum": SGD,
    "sgd-decay": {**SGD, "weightDecay": 0.05},
    "sgd-nesterov": {**SGD, "nesterov": True, "weightDecay": 5e-4},
    "adam": ADAM,
    "adam-decay": {**ADAM, "weightDecay": 0.05},
    "adam-betas-eps": {**ADAM, "betas": [0.7, 0.95], "eps": 1e-3},
    "adamw": {**ADAM, "name": "adamw", "weightDecay": 0.05},
    "adamw-betas": {**ADAM, "name": "adamw", "betas": [0.5, 0.9], "weightDecay": 0.2},
}


class Smooth(Detector):
    def __init__(self):
        super().__init__({"ratios": []}, CLASSES + 1)
        conv = nn.Conv2d(3, CHANNELS, SIDE, SIDE, bias=False)
        self.front = nn.Sequential(conv, nn.BatchNorm2d(CHANNELS))
        self.loc = nn.ModuleList([nn.Conv2d(CHANNELS, 4, 1)])
        self.conf = nn.ModuleList([nn.Conv2d(CHANNELS, CLASSES + 1, 1)])

    def sources(self, x):
        return [self.front(x)]


def cases(run):
    for name, rule in RULES.items():
        yield train(f"{run.seed}/{name}", name, rule)


def train(stream, name, rule):
    model = Smooth().double()
    fill(model, stream, LIFT)
    priors = one_prior_a_cell(stream, SIDE)
    optimizer = optimizer_of(model, rule)
    losses, truths = [], []
    for step in range(STEPS):
        here = f"{stream}/step{step}"
        outputs = model(images(here, BATCH, SIDE * SIDE).double())
        truths.append(clear_salts(here, SIDES, outputs, None, priors, OPTIONS, 2e-5))
        targets = double(draw(here, SIDES, truths[-1], CLASSES))
        terms = losses_of(outputs, None, targets, priors.double(), OPTIONS)
        optimizer.zero_grad()
        terms["total"].backward()
        optimizer.step()
        losses.append([float(value) for value in terms.values()])
    names = {parameter: key for key, parameter in model.named_parameters()}
    slots = {"momentum_buffer": "first", "exp_avg": "first", "exp_avg_sq": "second"}
    state = {
        f"optimizer/{slots[key]}.{names[parameter]}": value
        for parameter, values in optimizer.state.items()
        for key, value in values.items()
        if key in slots and value is not None
    }
    tensors = {
        "priors": priors,
        **{f"losses/{key}": column(losses, i) for i, key in enumerate(terms)},
        **{f"state/{key}": Big(value) for key, value in model.state_dict().items()},
        **state,
    }
    about = {
        "stream": stream,
        "batch": BATCH,
        "channels": CHANNELS,
        "side": SIDE,
        "sides": SIDES,
        "classes": CLASSES,
        "lift": LIFT,
        "truths": truths,
        "loss": OPTIONS,
        "optimizer": rule,
    }
    return Case(name, about, tensors)
