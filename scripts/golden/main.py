"""Writes the reference values that test/parity compares the engine with.

python3 scripts/golden/main.py --out test/golden [--seed 1]
"""

import argparse
import json
import sys
from pathlib import Path

sys.dont_write_bytecode = True

import torch  # noqa: E402

import differences  # noqa: E402
import store  # noqa: E402
from boxes import decode, encode, jaccard, to_corners  # noqa: E402
from cases import batches, box_cases, nms_cases  # noqa: E402
from multibox import multibox  # noqa: E402
from multibox_kd import multibox_kd  # noqa: E402
from nms import nms  # noqa: E402
from priors import SSD300, prior_boxes  # noqa: E402

CONVENTIONS = ["fixed", "imageOverMap"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)

    files, manifest = {}, {}
    files["priors"], manifest["priors"] = priors_domain()
    files["boxes"], manifest["boxes"] = boxes_domain(args.seed)
    files["nms"], manifest["nms"] = nms_domain(args.seed)
    drawn = batches(args.seed)
    files["batches"] = {}
    for name, batch in drawn.items():
        put(files["batches"], name, inputs_of(batch))
    cases = [{"name": name, "options": batch.options} for name, batch in drawn.items()]
    for domain, expected in BATCH_DOMAINS.items():
        files[domain], manifest[domain] = {}, cases
        for name, batch in drawn.items():
            put(files[domain], name, expected(name, batch.to(torch.float64)))

    for domain, tensors in files.items():
        store.save(tensors, args.out / f"{domain}.safetensors")
    about = {
        "command": f"python3 scripts/golden/main.py --out test/golden --seed {args.seed}",
        "torch": torch.__version__,
        "seed": args.seed,
        "cases": manifest,
    }
    (args.out / "manifest.json").write_text(json.dumps(about, indent=2) + "\n")


def put(tensors, name, values):
    for key, value in values.items():
        tensors[f"{name}/{key}"] = value


def priors_domain():
    tensors, cases = {}, []
    for convention in CONVENTIONS:
        priors = prior_boxes(SSD300, convention)
        assert priors.shape == (8732, 4)
        put(tensors, convention, {"priors": priors.float()})
        cases.append({"name": convention, "options": {"stepConvention": convention}})
    truth = torch.tensor([[0.2333, 0.2067, 0.6967, 1.0]], dtype=torch.float64)
    overlap, best = jaccard(truth, to_corners(prior_boxes(SSD300))).max(dim=1)
    assert best.item() == 8711 and round(overlap.item(), 4) == 0.6904, (best, overlap)
    return tensors, cases


def boxes_domain(seed):
    tensors, cases = {}, []
    for name, case in box_cases(seed).items():
        matched, priors, loc = case.matched.double(), case.priors.double(), case.loc.double()
        values = {
            "a": case.a,
            "b": case.b,
            "iou": jaccard(case.a.double(), case.b.double()),
            "matched": case.matched,
            "priors": case.priors,
            "encoded": encode(matched, priors, case.variances),
            "loc": case.loc,
            "decoded": decode(loc, priors, case.variances),
        }
        back = decode(values["encoded"], priors, case.variances)
        assert torch.allclose(back, matched, rtol=0, atol=1e-12)
        put(tensors, name, values)
        cases.append({"name": name, "options": {"variances": list(case.variances)}})
    return tensors, cases


def nms_domain(seed):
    tensors, cases = {}, []
    for name, case in nms_cases(seed).items():
        kept = nms(case.boxes.double(), case.scores.double(), case.iou)
        values = {"boxes": case.boxes, "scores": case.scores, "kept": ints(kept)}
        put(tensors, name, values)
        cases.append({"name": name, "options": {"iou": case.iou}})
    return tensors, cases


def inputs_of(batch):
    return {
        "priors": batch.priors,
        "boxes": torch.cat([boxes for boxes, _ in batch.targets]),
        "labels": torch.cat([labels for _, labels in batch.targets]).int(),
        "counts": ints([len(boxes) for boxes, _ in batch.targets]),
        "loc": batch.loc,
        "conf": batch.conf,
        "teacherLoc": batch.teacher_loc,
        "teacherConf": batch.teacher_conf,
    }


def ints(values):
    return torch.tensor(values, dtype=torch.int32).reshape(-1)


def matching_values(name, batch):
    """The offsets of the positives only: nobody reads the others."""
    _, pictures = multibox_kd(*batch.inputs())
    classes = torch.stack([picture.match.classes for picture in pictures])
    loc = torch.stack([picture.match.loc for picture in pictures])
    return {
        "classes": classes.int(),
        "positives": rows_of(classes > 0),
        "loc": loc[classes > 0],
        "unmatched": ints([sum(picture.match.unmatched for picture in pictures)]),
    }


def multibox_values(name, batch):
    loc, conf = batch.loc.requires_grad_(), batch.conf.requires_grad_()
    terms, pictures = multibox(loc, conf, batch.targets, batch.priors, batch.options)
    grads = gradients(terms["conf"] + terms["loc"], loc, conf)
    # What the article adds there are rows without loss, and without gradient.
    visible = name != "article"
    return {**values_of(terms), **sparse(name, grads, pictures, visible)}


def multibox_kd_values(name, batch):
    loc, conf = batch.loc.requires_grad_(), batch.conf.requires_grad_()
    terms, pictures = multibox_kd(*batch.inputs())
    grads = gradients(terms["objective"], loc, conf)
    still = batch.to(torch.float64)
    still.loc, still.conf = loc.detach(), conf.detach()
    differences.check(name, still, *grads, pictures, torch.Generator().manual_seed(0))
    return {**values_of(terms), **sparse(name, grads, pictures, True)}


BATCH_DOMAINS = {
    "matching": matching_values,
    "multibox": multibox_values,
    "multibox_kd": multibox_kd_values,
}


def values_of(terms):
    """Each term as a float64 tensor of one number."""
    return {
        key: torch.as_tensor(value, dtype=torch.float64).detach().reshape(1)
        for key, value in terms.items()
    }


def gradients(objective, loc, conf):
    grads = torch.autograd.grad(objective, [loc, conf], allow_unused=True)
    return [torch.zeros_like(x) if g is None else g for x, g in zip([loc, conf], grads)]


def sparse(name, grads, pictures, visible):
    """The rows with a gradient, flat over [B, P], and their gradients; all others are zero.

    Those of conf are the selected rows: a test sees the mining in them.
    """
    grad_loc, grad_conf = grads
    moved_loc = grad_loc.abs().amax(dim=2) > 0
    size = grad_conf.abs().amax(dim=2)
    moved_conf = size > 1e-30 * size.max()
    selected = torch.stack([picture.selected for picture in pictures])
    assert not (moved_conf & ~selected).any(), name
    if visible:
        assert moved_conf.equal(selected), f"{name}: a selected row has no gradient"
        assert (size[selected] > 1e-6 * size.max()).all(), f"{name}: a gradient is too faint"
    return {
        "rowsLoc": rows_of(moved_loc),
        "gradLoc": grad_loc[moved_loc],
        "rowsConf": rows_of(moved_conf),
        "gradConf": grad_conf[moved_conf],
    }


def rows_of(mask):
    return ints(mask.flatten().nonzero().flatten().tolist())


if __name__ == "__main__":
    main()
