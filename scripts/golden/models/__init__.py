"""Plain PyTorch modules of the architectures, written from the papers and SPEC: their state dicts have
the engine's names, their forward gives loc [B, P, 4] and conf [B, P, classes]."""

from models.mobilenetv2 import MobileNetV2Ssd
from models.stages import StagesSsd
from models.vgg import VggSsd

VGG16 = [64, 64, "M", 128, 128, "M", 256, 256, 256, "C", 512, 512, 512, "M", 512, 512, 512]
VGG13 = [64, 64, "M", 128, 128, "M", 256, 256, "C", 512, 512, "M", 512, 512]

MODELS = {
    "ssd300-vgg16": lambda grid, classes: VggSsd(VGG16, grid, classes),
    "ssd300-vgg13": lambda grid, classes: VggSsd(VGG13, grid, classes),
    "ssd300-mobilenetv2": MobileNetV2Ssd,
    "ssd128-small": lambda grid, classes: StagesSsd(
        [16, 32, 64, 128, 128, 128], 1, grid, classes
    ),
    "ssd128-tiny": lambda grid, classes: StagesSsd([16, 24, 32, 48, 48, 48], 0, grid, classes),
}


def build(name, grid, classes):
    """The module of a preset. `grid` is its geometry, `classes` counts the background."""
    if name not in MODELS:
        known = ", ".join(MODELS)
        raise SystemExit(f"models: expected a reference for the preset {name}, have {known}")
    return MODELS[name](grid, classes)
