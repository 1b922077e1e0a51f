"""Detectors as other projects save them, with random weights, and what they give: plain PyTorch under
ssd.pytorch's names and bubbliiiing's, and torchvision's two SSDs.

python3 scripts/golden/interchange.py --presets FILE.json --out FOLDER [--seed 1] [--only NAME ...]
python3 scripts/golden/interchange.py --presets FILE.json --check FOLDER

For each NAME.pth (the state dict as torch.save writes it) and NAME.outputs.safetensors: `images`
[B, 3, S, S] as the network takes them, `bbox_regression` [B, P, 4] and `cls_logits` [B, P, C] in float64,
and torchvision's `anchors` [P, 4] in corners, input pixels. The way back: each NAME.exported.safetensors
of the folder is loaded with strict=True and must give the same to the bit. It needs torch, torchvision and
safetensors.
"""

import argparse
import json
import sys
from pathlib import Path

sys.dont_write_bytecode = True

import torch  # noqa: E402
from safetensors.torch import load_file, save_file  # noqa: E402
from torch import nn  # noqa: E402

import models  # noqa: E402
from torchvision_import import torchvision  # noqa: E402

BATCH = 2
CLASSES = 21


class Plain(nn.Module):
    """A plain module whose prefix `ours` is `theirs` in the project."""

    def __init__(self, name, presets, ours="", theirs=""):
        super().__init__()
        self.net = models.build(name, presets[name], CLASSES)
        self.ours, self.theirs = ours, theirs

    def forward(self, images):
        return self.net(images)

    def saved(self):
        state = self.net.state_dict()
        return {renamed(name, self.ours, self.theirs): value for name, value in state.items()}

    def load(self, state):
        own = {renamed(name, self.theirs, self.ours): value for name, value in state.items()}
        self.net.load_state_dict(own, strict=True)


def renamed(name, old, new):
    return new + name.removeprefix(old) if old and name.startswith(old) else name


class Torchvision(nn.Module):
    """The raw outputs of a detector of torchvision for normalised images."""

    def __init__(self, name):
        super().__init__()
        build = getattr(torchvision.models.detection, name)
        self.net = build(weights=None, weights_backbone=None)

    def forward(self, images):
        maps = list(self.net.backbone(images).values())
        outputs = self.net.head(maps)
        return outputs["bbox_regression"], outputs["cls_logits"]

    def anchors(self, images):
        sizes = [tuple(image.shape[-2:]) for image in images]
        batch = torchvision.models.detection.image_list.ImageList(images, sizes)
        maps = list(self.net.backbone(images).values())
        return self.net.anchor_generator(batch, maps)[0]

    def saved(self):
        return self.net.state_dict()

    def load(self, state):
        self.net.load_state_dict(state, strict=True)


# Name -> module(presets), side of the input, how large normalised pixels are.
MODELS = {
    "ssd_pytorch": (lambda presets: Plain("ssd300-vgg16", presets), 300, 60),
    "bubbliiiing": (
        lambda presets: Plain(
            "ssd300-mobilenetv2-bubbliiiing", presets, "features.", "mobilenet."
        ),
        300,
        60,
    ),
    "ssd300_vgg16": (lambda _: Torchvision("ssd300_vgg16"), 300, 60),
    "ssdlite320_mobilenet_v3_large": (
        lambda _: Torchvision("ssdlite320_mobilenet_v3_large"),
        320,
        1,
    ),
}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--presets", type=Path, required=True, help="JSON: name -> preset")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--check", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="+", choices=MODELS, default=list(MODELS))
    args = parser.parse_args()
    torch.set_num_threads(1)
    presets = json.loads(args.presets.read_text())
    if args.out is not None:
        args.out.mkdir(parents=True, exist_ok=True)
        for name in args.only:
            write(args.out, name, presets, args.seed)
    if args.check is not None:
        suffix = ".exported.safetensors"
        for file in sorted(args.check.glob(f"*{suffix}")):
            check(args.check, file.name.removesuffix(suffix), presets)


def write(folder, name, presets, seed):
    torch.manual_seed(seed)
    rng = torch.Generator().manual_seed(seed)
    build, side, size = MODELS[name]
    model = build(presets)
    images = torch.randn((BATCH, 3, side, side), generator=rng) * size
    randomise(model, images, rng)
    torch.save({key: value.clone() for key, value in model.saved().items()}, folder / f"{name}.pth")
    values = {"images": images, **outputs_of(model, images)}
    if isinstance(model, Torchvision):
        with torch.no_grad():
            values["anchors"] = model.anchors(images.double()).double()
    save_file(values, folder / f"{name}.outputs.safetensors")


def outputs_of(model, images):
    with torch.no_grad():
        loc, conf = model.double().eval()(images.double())
    return {"bbox_regression": loc, "cls_logits": conf}


def check(folder, name, presets):
    model = MODELS[name][0](presets)
    exported = load_file(folder / f"{name}.exported.safetensors")
    model.load(exported)
    expected = load_file(folder / f"{name}.outputs.safetensors")
    for key, value in outputs_of(model, expected["images"]).items():
        if not torch.equal(value, expected[key]):
            raise SystemExit(f"{name}: expected the same {key}, got others")
    print(f"{name}: {len(exported)} tensors, strict, equal")


def randomise(model, images, rng):
    """Random numbers for every tensor, such that signals neither die nor explode.

    BatchNorm's statistics are first those of `images`, then moved; the layer in front keeps its
    start. `model` is left in evaluation mode.
    """
    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 1.0
    model.train()
    with torch.no_grad():
        for norm in norms:
            # Mostly above zero: where activations cut off half, every layer multiplies what rounding
            # did before it, and a deep network of random weights compares nothing but that.
            norm.weight.copy_(uniform(norm.weight, rng, 0.7, 1.1))
            norm.bias.copy_(uniform(norm.bias, rng, 0.5, 2.5))
        model(images)
        for norm, momentum in zip(norms, momenta):
            norm.momentum = momentum
            # Of the 1x1 map's few cells some channels hardly vary: dividing by that magnifies rounding.
            norm.running_var.clamp_(min=norm.running_var.mean().item() / 2)
            moved = uniform(norm.running_mean, rng, -0.2, 0.2)
            norm.running_mean += moved * norm.running_var.sqrt()
            norm.running_var *= uniform(norm.running_var, rng, 0.7, 1.4)
            norm.num_batches_tracked.random_(1, 10**6, generator=rng)
        for module in model.modules():
            if isinstance(module, nn.Conv2d) and module.bias is not None:
                module.bias.copy_(uniform(module.bias, rng, -0.3, 0.3))
        for name, parameter in model.named_parameters():
            if name.endswith(("L2Norm.weight", "scale_weight")):
                parameter.copy_(uniform(parameter, rng, 10, 30))
    model.eval()


def uniform(like, rng, low, high):
    return torch.empty_like(like).uniform_(low, high, generator=rng)


if __name__ == "__main__":
    main()
