"""Names and shapes of the weights of the field, by which test/lib/checkpoint holds the key maps.

python3 scripts/golden/names.py --out test/golden/names.json    (torch, torchvision and timm)
"""

import argparse
import json
import sys
from pathlib import Path

sys.dont_write_bytecode = True

import torch  # noqa: E402

# Torchvision's own operators are not needed; where its binary does not fit this torch, its Python
# parts still ask that two of them are declared.
stubs = torch.library.Library("torchvision", "FRAGMENT")
for name in ("nms", "qnms"):
    stubs.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")

import timm  # noqa: E402
import torchvision  # noqa: E402
from torchvision.models import detection  # noqa: E402

MODELS = {
    "torchvision/vgg16": torchvision.models.vgg16,
    "torchvision/mobilenet_v2": torchvision.models.mobilenet_v2,
    "torchvision/mobilenet_v3_large": torchvision.models.mobilenet_v3_large,
    "torchvision/resnet34": torchvision.models.resnet34,
    "torchvision/resnet50": torchvision.models.resnet50,
    "torchvision/ssd300_vgg16": lambda: detection.ssd300_vgg16(weights_backbone=None),
    "torchvision/ssdlite320_mobilenet_v3_large": lambda: detection.ssdlite320_mobilenet_v3_large(
        weights_backbone=None
    ),
    "timm/vgg16": lambda: timm.create_model("vgg16"),
    "timm/mobilenetv2_100": lambda: timm.create_model("mobilenetv2_100"),
    "timm/mobilenetv3_large_100": lambda: timm.create_model("mobilenetv3_large_100"),
    "timm/resnet34": lambda: timm.create_model("resnet34"),
    "timm/resnet50": lambda: timm.create_model("resnet50"),
}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    models = {}
    for name, make in MODELS.items():
        with torch.device("meta"):
            state = make().state_dict()
        models[name] = {key: list(tensor.shape) for key, tensor in state.items()}
    versions = {"torchvision": torchvision.__version__, "timm": timm.__version__}
    lines = ",\n".join(
        f"  {json.dumps(name)}: {json.dumps(tensors, separators=(',', ':'))}"
        for name, tensors in models.items()
    )
    args.out.write_text(f'{{\n  "versions": {json.dumps(versions)},\n{lines}\n}}\n')


if __name__ == "__main__":
    main()
