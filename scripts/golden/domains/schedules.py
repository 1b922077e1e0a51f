"""Learning rates of whole runs by torch.optim.lr_scheduler, one a step."""

import torch
from torch.optim.lr_scheduler import CosineAnnealingLR, LambdaLR, LinearLR, StepLR

from domains.run import Case

# The warm-up is the straight line from 0, this many epochs before a phase begins, to the peak at its
# end, so that the first step moves something.
BEFORE = 1e-3

SCHEDULE = {"name": "cosine", "warmup": 1, "finalLr": 0.01, "stepSize": 1, "gamma": 0.92}
COSINE, STEP, CONSTANT = ({**SCHEDULE, "name": name} for name in ("cosine", "step", "constant"))
RUN = {"epochs": 60, "lr": 1e-3, "freeze": {"epochs": 0}, "steps": 1}

RUNS = {
    "cosine": {"schedule": {**COSINE, "warmup": 0}},
    "cosine-to-zero": {"schedule": {**COSINE, "warmup": 0, "finalLr": 0}, "epochs": 7, "lr": 0.3},
    "cosine-warm-up": {"schedule": {**COSINE, "warmup": 5}, "epochs": 120, "lr": 0.05},
    "cosine-of-one-epoch": {"schedule": {**COSINE, "warmup": 0}, "epochs": 1, "steps": 10},
    "cosine-frozen-first": {
        "schedule": {**COSINE, "warmup": 2, "finalLr": 0.1},
        "freeze": {"epochs": 10, "lr": 0.01},
        "steps": 3,
    },
    "step": {"schedule": {**STEP, "warmup": 0}},
    "step-rare": {"schedule": {**STEP, "warmup": 0, "stepSize": 7, "gamma": 0.1}, "lr": 1},
    "step-warm-up": {"schedule": {**STEP, "warmup": 4, "stepSize": 3, "gamma": 0.5}, "steps": 5},
    "step-frozen-first": {
        "schedule": {**STEP, "warmup": 1, "stepSize": 2, "gamma": 0.7},
        "freeze": {"epochs": 5},
        "epochs": 12,
        "lr": 2e-4,
        "steps": 4,
    },
    "constant": {"schedule": {**CONSTANT, "warmup": 0}, "epochs": 5},
    "constant-warm-up": {"schedule": {**CONSTANT, "warmup": 2.5}, "epochs": 6, "steps": 8},
    "warm-up-only": {"schedule": {**COSINE, "warmup": 9}, "epochs": 4, "steps": 2},
    "frozen-only": {"schedule": COSINE, "epochs": 3, "freeze": {"epochs": 8, "lr": 0.2}},
}


def cases(run):
    for name, about in RUNS.items():
        about = {**RUN, **about}
        frozen = min(about["freeze"]["epochs"], about["epochs"])
        lengths = {
            "freeze": (frozen, about["freeze"].get("lr", about["lr"])),
            "train": (about["epochs"] - frozen, about["lr"]),
        }
        values = {
            phase: torch.tensor(rates(about, length, peak), dtype=torch.float64)
            for phase, (length, peak) in lengths.items()
            if length > 0
        }
        yield Case(name, about, values)


def rates(about, length, peak):
    """Of every step of a phase of `length` epochs."""
    schedule, steps = about["schedule"], about["steps"]
    total, warm = length * steps, round(schedule["warmup"] * steps)
    after = followed(*rule(schedule, steps, total - warm), peak, total)
    if schedule["name"] == "cosine":
        after = [0.0] * warm + after  # it begins when the warm-up has ended, StepLR counts from the start
    start = BEFORE / (schedule["warmup"] + BEFORE)
    line = {"start_factor": start, "end_factor": 1, "total_iters": warm}
    rising = followed(LinearLR, line, peak, total) if warm > 0 else []
    for i, rate in enumerate(rising[:warm]):
        epochs = i / steps
        closed = peak * (epochs + BEFORE) / (schedule["warmup"] + BEFORE)
        assert abs(rate - closed) < 1e-12 * peak, (rate, closed)
    return (rising[:warm] + after[warm:])[:total]


def rule(schedule, steps, left):
    """PyTorch's scheduler, and its options, with a step where it has an epoch."""
    if schedule["name"] == "step":
        return StepLR, {"step_size": schedule["stepSize"] * steps, "gamma": schedule["gamma"]}
    if schedule["name"] == "cosine" and left > 0:
        return CosineAnnealingLR, {"T_max": left, "share": schedule["finalLr"]}
    return LambdaLR, {"lr_lambda": lambda step: 1}


def followed(kind, options, peak, count):
    """The rates of `count` steps."""
    options = dict(options)
    if "share" in options:
        options["eta_min"] = options.pop("share") * peak
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], peak)
    scheduler = kind(optimizer, **options)
    out = []
    for _ in range(count):
        out.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return out
