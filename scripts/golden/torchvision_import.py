"""torchvision, also where its compiled operators do not fit this torch: its models need none."""

import importlib.util
from pathlib import Path

import torch

KEPT = []  # a library that is collected takes its operators along


def declare_operators():
    """Two operators must be known for torchvision to be imported; nobody calls them here."""
    spec = importlib.util.find_spec("torchvision")
    if spec is None:
        raise SystemExit("expected torchvision beside torch, found none")
    for compiled in Path(spec.origin).parent.glob("_C*.so"):
        try:
            torch.ops.load_library(compiled)
            return
        except OSError:
            pass  # built for another torch
    library = torch.library.Library("torchvision", "DEF")
    for name in ["nms", "qnms"]:
        library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    KEPT.append(library)


declare_operators()
import torchvision  # noqa: E402, F401
