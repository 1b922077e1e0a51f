"""Plain PyTorch modules of the architectures, written from the papers and SPEC: their state dicts have
the engine's names, their forward gives loc [B, P, 4] and conf [B, P, classes]."""

from functools import partial

from torch import nn

from models.mobilenetv2 import BubbliiiingSsd, MobileNetV2Ssd
from models.mobilenetv3 import MobileNetV3Ssd
from models.resnet import Basic, Bottleneck, ResNetSsd
from models.stages import StagesSsd
from models.vgg import VGG13, VGG16, VggSsd

MODELS = {
    "ssd300-vgg16": partial(VggSsd, VGG16),
    "ssd300-vgg13": partial(VggSsd, VGG13),
    "ssd300-resnet34": partial(ResNetSsd, Basic),
    "ssd300-resnet50": partial(ResNetSsd, Bottleneck),
    "ssd300-mobilenetv2": MobileNetV2Ssd,
    "ssd300-mobilenetv3-large": partial(MobileNetV3Ssd, "grid8732"),
    "ssd300-vgg16-torchvision": partial(VggSsd, VGG16),
    "ssdlite320-mobilenetv3-large": partial(MobileNetV3Ssd, "ssdlite320"),
    "ssd300-mobilenetv2-bubbliiiing": BubbliiiingSsd,
    "ssd128-small": partial(StagesSsd, [16, 32, 64, 128, 128, 128], 1),
    "ssd128-tiny": partial(StagesSsd, [16, 24, 32, 48, 48, 48], 0),
}


def build(name, preset, classes):
    """The module of a preset (its geometry and BatchNorm's numbers); `classes` counts the background."""
    if name not in MODELS:
        known = ", ".join(MODELS)
        raise SystemExit(f"models: expected a reference for the preset {name}, have {known}")
    model = MODELS[name](preset, classes)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eps, module.momentum = preset["batchNorm"]["eps"], preset["batchNorm"]["momentum"]
    return model
