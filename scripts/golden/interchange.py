"""Detectors of other projects with random weights, and what they give: plain PyTorch under ssd.pytorch's
names and bubbliiiing's, torchvision's two SSDs, SSDs on its ResNets and MobileNetV3.

python3 scripts/golden/interchange.py --out FOLDER [--seed 1] [--only NAME ...]
python3 scripts/golden/interchange.py --check FOLDER

For each NAME.pth (the state dict as torch.save writes it) and NAME.outputs.safetensors: `images`
[B, 3, S, S] as the network takes them, `bbox_regression` [B, P, 4] and `cls_logits` [B, P, C] in float64,
and where the priors are the project's own `anchors` [P, 4] in corners, input pixels. The way back: each
NAME.exported.safetensors of the folder is loaded with strict=True and must give the same to the bit. It
needs torch, torchvision and safetensors.
"""

import argparse
import sys
from pathlib import Path

sys.dont_write_bytecode = True

import torch  # noqa: E402
from torch import nn  # noqa: E402
from safetensors.torch import load_file, save_file  # noqa: E402

import bubbliiiing  # noqa: E402
import models  # noqa: E402
import plain_ssd  # noqa: E402
from torchvision_import import torchvision  # noqa: E402

BATCH = 2
CLASSES = 21
SOURCES = [512, 256, 256, 256]  # channels of SSD300's extra maps


class TorchvisionSSD(nn.Module):
    """The raw outputs of a detector of torchvision for normalised images."""

    def __init__(self, detector):
        super().__init__()
        self.detector = detector

    def forward(self, images):
        maps = list(self.detector.backbone(images).values())
        outputs = self.detector.head(maps)
        return outputs["bbox_regression"], outputs["cls_logits"]

    def anchors(self, images):
        sizes = [tuple(image.shape[-2:]) for image in images]
        batch = torchvision.models.detection.image_list.ImageList(images, sizes)
        maps = list(self.detector.backbone(images).values())
        return self.detector.anchor_generator(batch, maps)[0]


class ResNetSSD(nn.Module):
    """torchvision's ResNet up to layer 3: layer 2 under L2Norm, layer 3, VGG's extras."""

    def __init__(self, resnet, channels):
        super().__init__()
        self.resnet = resnet
        del resnet.layer4, resnet.avgpool, resnet.fc
        self.L2Norm = plain_ssd.L2Norm(channels[0])
        self.extras = plain_ssd.PlainExtras(channels[1])
        widths = [*channels, *SOURCES]
        self.loc = plain_ssd.conv_heads(widths, plain_ssd.MAPS_8732, 4)
        self.conf = plain_ssd.conv_heads(widths, plain_ssd.MAPS_8732, CLASSES)

    def forward(self, images):
        net = self.resnet
        x = net.layer1(net.maxpool(net.relu(net.bn1(net.conv1(images)))))
        early = net.layer2(x)
        late = net.layer3(early)
        maps = [self.L2Norm(early), late, *self.extras(late)]
        return plain_ssd.rows(self.loc, maps, 4), plain_ssd.rows(self.conf, maps, CLASSES)


class MobileNetV3SSD(nn.Module):
    """torchvision's classifier: expansions of features 7 and 13, features 16, SSDLite's extras."""

    EPS = 1e-3

    def __init__(self):
        super().__init__()
        self.features = torchvision.models.mobilenet_v3_large(weights=None).features
        self.extras = nn.ModuleList([self.extra(960, 512), self.extra(512, 256)])
        self.extras.append(self.extra(256, 256, stride=1, padding=0))
        widths = [240, 672, 960, 512, 256, 256]
        self.loc = plain_ssd.separable_heads(widths, plain_ssd.MAPS_8732, 4, self.EPS)
        self.conf = plain_ssd.separable_heads(widths, plain_ssd.MAPS_8732, CLASSES, self.EPS)

    def extra(self, channels, out, stride=2, padding=1):
        half = out // 2
        return nn.Sequential(
            plain_ssd.conv_norm(channels, half, eps=self.EPS),
            plain_ssd.conv_norm(half, half, 3, stride, padding, groups=half, eps=self.EPS),
            plain_ssd.conv_norm(half, out, eps=self.EPS),
        )

    def forward(self, x):
        maps = []
        for i, block in enumerate(self.features):
            if i in (7, 13):
                maps.append(block.block[0](x))
            x = block(x)
        maps.append(x)
        for block in self.extras:
            x = block(x)
            maps.append(x)
        return plain_ssd.rows(self.loc, maps, 4), plain_ssd.rows(self.conf, maps, CLASSES)


def detector(name):
    build = getattr(torchvision.models.detection, name)
    return TorchvisionSSD(build(weights=None, weights_backbone=None))


def resnet(depth, channels):
    return ResNetSSD(getattr(torchvision.models, f"resnet{depth}")(weights=None), channels)


def ssd_pytorch():
    """The 71 tensors `vgg`, `L2Norm`, `extras`, `loc`, `conf`."""
    ratios = [[2], [2, 3], [2, 3], [2, 3], [2], [2]]
    return models.build("ssd300-vgg16", {"ratios": ratios}, CLASSES)


MODELS = {
    "ssd_pytorch": ssd_pytorch,
    "ssd300_vgg16": lambda: detector("ssd300_vgg16"),
    "ssdlite320_mobilenet_v3_large": lambda: detector("ssdlite320_mobilenet_v3_large"),
    "resnet34": lambda: resnet(34, [128, 256]),
    "resnet50": lambda: resnet(50, [512, 1024]),
    "mobilenet_v3_large": MobileNetV3SSD,
    "bubbliiiing": lambda: bubbliiiing.MobileNetV2SSD(CLASSES),
}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path)
    parser.add_argument("--check", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="+", choices=MODELS, default=list(MODELS))
    args = parser.parse_args()
    torch.set_num_threads(1)
    if args.out is not None:
        args.out.mkdir(parents=True, exist_ok=True)
        for name in args.only:
            write(args.out, name, args.seed)
    if args.check is not None:
        suffix = ".exported.safetensors"
        for file in sorted(args.check.glob(f"*{suffix}")):
            check(args.check, file.name.removesuffix(suffix))


def write(folder, name, seed):
    torch.manual_seed(seed)
    weights, outputs = reference(name, torch.Generator().manual_seed(seed))
    torch.save(weights, folder / f"{name}.pth")
    save_file(outputs, folder / f"{name}.outputs.safetensors")


def check(folder, name):
    model = MODELS[name]().eval()
    own = getattr(model, "detector", model)
    exported = load_file(folder / f"{name}.exported.safetensors")
    own.load_state_dict(exported, strict=True)
    outputs = load_file(folder / f"{name}.outputs.safetensors")
    with torch.no_grad():
        loc, conf = model.double()(outputs["images"].double())
    for key, value in {"bbox_regression": loc, "cls_logits": conf}.items():
        if not torch.equal(value, outputs[key]):
            raise SystemExit(f"{name}: expected the same {key}, got others")
    print(f"{name}: {len(exported)} tensors, strict, equal")


def reference(name, rng):
    model = MODELS[name]()
    side = 320 if "320" in name else 300
    images = torch.randn((BATCH, 3, side, side), generator=rng) * scale(name)
    plain_ssd.randomise(model, images, rng)
    values = {"images": images, **anchors_of(name, model, images)}
    weights = getattr(model, "detector", model).state_dict()
    weights = {key: value.clone() for key, value in weights.items()}
    with torch.no_grad():
        values["bbox_regression"], values["cls_logits"] = model.double()(images.double())
    return weights, values


def scale(name):
    """Pixels less a mean are about as large as this; the others are divided by a deviation."""
    return 60 if name in ("ssd_pytorch", "ssd300_vgg16", "bubbliiiing") else 1


def anchors_of(name, model, images):
    if name == "bubbliiiing":
        return {"anchors": bubbliiiing.corner_priors() * bubbliiiing.SIDE}
    if isinstance(model, TorchvisionSSD):
        with torch.no_grad():
            return {"anchors": model.anchors(images).double()}
    return {}


if __name__ == "__main__":
    main()
