"""Steps of training, plain and distilled: the losses of each, and all that is trained at the end."""

from copy import deepcopy
from dataclasses import dataclass

import torch

from domains.run import Case
from ema import Average
from models import build
from multibox_kd import multibox_kd
from pictures import images, sides_for
from placing import smallest_distance
from priors import prior_boxes
from store import Big
from targets import clear_salts, double, draw
from weights import fill

CLASSES = 5  # foreground
LIFT = 1
# The networks drift apart by rounding as they train: decisions stay clear of that.
MARGIN = 2e-4

# One ReLU among millions that falls to the other side changes the first layers' gradients by 1e-2 (see
# placing.py), and some do at every step: rates at which that stays far below 1e-4 of the weights.
SGD = {"name": "sgd", "lr": 0.003, "momentum": 0.9, "weightDecay": 5e-4}
NESTEROV = {**SGD, "nesterov": True}
SLOW, SLOWEST = {**SGD, "lr": 3e-4}, {**SGD, "lr": 1e-4}
# A small network has draws of pictures that keep all its ReLUs' inputs this far from 0 (as a part of their
# deviation): the first such one is taken, or the farthest of a few. Large ones have none.
CLEAR, TRIES = 6e-6, 8
# Adam divides by the size of a gradient: where that is rounding (1e-6 of the others) so would the step
# be, whatever computes it. An eps above it damps such a step, and leaves the others as they are. A flip
# then moves a weight by a whole step whatever its size, so the rates are lower still: the rules themselves
# are held to 1e-5 by the domain `optimizers`, on a network without kinks.
ADAMW = {"name": "adamw", "lr": 2e-5, "eps": 1e-4, "weightDecay": 0.05}
ADAM = {**ADAMW, "name": "adam", "weightDecay": 5e-4}


@dataclass
class Trajectory:
    preset: str
    optimizer: dict
    steps: int = 20
    batch: int = 4
    distill: dict | None = None  # loss options of a run with a teacher
    ema: dict | None = None
    tries: int = 1  # pictures to choose from at each step


def tiny(optimizer, **more):
    return Trajectory("ssd128-tiny", optimizer, tries=TRIES, **more)


def small(optimizer, **more):
    # Fewer pictures and more draws: it has many more inputs.
    return Trajectory("ssd128-small", optimizer, batch=2, tries=2 * TRIES, **more)


TRAJECTORIES = {
    "tiny-sgd": tiny(SGD),
    "tiny-ema": tiny(SGD, ema={"decay": 0.9, "warmup": 5}),
    "tiny-sgd-kd": tiny(SGD, distill={}),
    "tiny-nesterov-kl": tiny(NESTEROV, distill={"soft": "kl", "temperature": 2}),
    "tiny-adamw": tiny(ADAMW),
    "tiny-adam-kd": tiny(ADAM, distill={"temperature": 2, "nu": 0.3}),
    "small-sgd": small(SLOW),
    "small-adamw-kd-ema": small(ADAMW, distill={}, ema={"decay": 0.99, "warmup": 0}),
    "vgg16-sgd": Trajectory("ssd300-vgg16", SLOWEST, steps=5, batch=1),
    "vgg16-sgd-kd": Trajectory("ssd300-vgg16", SLOWEST, steps=5, batch=1, distill={}),
}


def cases(run):
    for name, trajectory in TRAJECTORIES.items():
        yield train(f"{run.seed}/{name}", name, trajectory, run.presets[trajectory.preset])


def train(stream, name, trajectory, preset):
    student, teacher = (build(trajectory.preset, preset, CLASSES + 1).double() for _ in range(2))
    fill(student, stream, LIFT)
    fill(teacher, f"{stream}/teacher", LIFT)
    teacher.eval()
    priors = prior_boxes(preset).float()
    options = {"variances": preset["variances"], **(trajectory.distill or {})}
    optimizer = optimizer_of(student, trajectory.optimizer)
    average = Average(student, **trajectory.ema) if trajectory.ema else None
    start = {key: value.clone() for key, value in student.state_dict().items()}

    losses, truths, drawn, sides = [], [], [], sides_for(preset)
    for step in range(trajectory.steps):
        here = f"{stream}/step{step}"
        salt, pictures = clear_pictures(here, student, trajectory, preset["size"])
        drawn.append(salt)
        outputs = student.train()(pictures)
        with torch.no_grad():
            taught = None if trajectory.distill is None else teacher(pictures)
        truths.append(clear_salts(here, sides, outputs, taught, priors, options, MARGIN))
        targets = double(draw(here, sides, truths[-1], CLASSES))
        terms = losses_of(outputs, taught, targets, priors.double(), options)
        optimizer.zero_grad()
        terms["total"].backward()
        optimizer.step()
        if average is not None:
            average.update(student)
        losses.append([float(value) for value in terms.values()])

    tensors = {f"losses/{key}": column(losses, i) for i, key in enumerate(terms)}
    tensors |= {f"state/{key}": Big(value) for key, value in student.state_dict().items()}
    if average is not None:
        tensors |= {f"ema/{key}": Big(value) for key, value in average.state.items()}
    about = {
        "preset": trajectory.preset,
        "stream": stream,
        "batch": trajectory.batch,
        "classes": CLASSES,
        "lift": LIFT,
        "sides": sides,
        "truths": truths,
        "pictures": drawn,
        "optimizer": trajectory.optimizer,
        "distill": trajectory.distill,
        "ema": trajectory.ema,
        "moved": smallest_move(start, student),
    }
    return Case(name, about, tensors)


def clear_pictures(name, model, trajectory, size):
    """Which draw, and the pictures, float64."""
    best = None
    for salt in range(trajectory.tries):
        pictures = images(f"{name}#{salt}", trajectory.batch, size).double()
        if trajectory.tries == 1:
            return salt, pictures
        # A copy: the pass moves the statistics.
        distance = smallest_distance(deepcopy(model), pictures)
        if best is None or distance > best[0]:
            best = distance, salt, pictures
        if distance > CLEAR:
            break
    return best[1:]


def losses_of(outputs, taught, targets, priors, options):
    terms, _ = multibox_kd(outputs, taught or outputs, targets, priors, options)
    if taught is None:
        return {"total": terms["conf"] + terms["loc"], "conf": terms["conf"], "loc": terms["loc"]}
    return {"total": terms["objective"], **{key: terms[key] for key in ("conf", "loc", "soft", "l2")}}


def optimizer_of(model, options):
    """torch.optim, with weight decay on what has more than one dimension."""
    many = [p for p in model.parameters() if p.dim() > 1]
    one = [p for p in model.parameters() if p.dim() == 1]
    groups = [{"params": many, "weight_decay": options["weightDecay"]}, {"params": one}]
    if options["name"] == "sgd":
        nesterov = options.get("nesterov", False)
        return torch.optim.SGD(
            groups, options["lr"], options["momentum"], weight_decay=0, nesterov=nesterov
        )
    rule = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[options["name"]]
    betas, eps = options.get("betas", (0.9, 0.999)), options.get("eps", 1e-8)
    return rule(groups, options["lr"], betas, eps, weight_decay=0)


def column(rows, i):
    return torch.tensor([row[i] for row in rows], dtype=torch.float64)


def smallest_move(start, model):
    """Of all trained tensors, the least change over the largest magnitude."""
    moves = {
        name: ((p - start[name]).abs().max() / start[name].abs().max()).item()
        for name, p in model.named_parameters()
    }
    least = min(moves, key=moves.get)
    assert moves[least] > 0, f"{least}: expected it to move, got {moves[least]}"
    return {least: moves[least]}
