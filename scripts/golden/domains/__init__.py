"""What main.py writes: one generator of cases for each domain of the table."""

from domains import (
    augment,
    boxes,
    detections,
    l2norm,
    losses,
    models,
    nms,
    optimizers,
    priors,
    scenes,
    schedules,
    trajectories,
)

# Domain -> cases(run), in the order of the table.
DOMAINS = {
    "priors": priors.cases,
    "boxes": boxes.cases,
    "matching": losses.matching,
    "multibox": losses.multibox_cases,
    "multibox_kd": losses.multibox_kd_cases,
    "nms": nms.cases,
    "scenes": scenes.cases,
    "detections": detections.cases,
    "l2norm": l2norm.cases,
    "augment": augment.cases,
    "schedules": schedules.cases,
    "optimizers": optimizers.cases,
    "models": models.cases,
    "trajectories": trajectories.cases,
}
# What domains share: file -> inputs(run), and the domains that read it.
SHARED = {"batches": (losses.inputs, ["matching", "multibox", "multibox_kd"])}
# Domains that take minutes: each of their cases has a file of its own.
HEAVY = ["models", "trajectories"]
