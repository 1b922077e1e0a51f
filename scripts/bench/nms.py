"""From raw outputs to what is left of every class after non-maximum suppression: the peers of the row `nms`."""

import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.append(str(Path(__file__).resolve().parent.parent / "golden"))

import torch  # noqa: E402

from given import begin, read_tensors, timed  # noqa: E402
from plain_match import jaccard  # noqa: E402
from serve import serve  # noqa: E402


def prepare(setup):
    versions, missing = begin(setup), []
    given = {name: value.to(setup["device"]) for name, value in read_tensors(setup["file"]).items()}

    def detect(pick):
        boxes = decode(given["loc"], given["priors"], setup["variances"])
        scores = given["conf"].softmax(-1)
        return [pick(*picture, setup["iou"]) for picture in zip(boxes, scores)]

    picks = {"PyTorch, class by class": of_each_class}
    try:
        picks["torchvision batched_nms"] = batched_nms(versions)
    except (ImportError, SystemExit) as error:
        missing.append(f"torchvision: {error}")
    contenders = {name: timed(lambda p=p: detect(p), setup) for name, p in picks.items()}
    answers = {name: lambda p=p: answer(detect(p)) for name, p in picks.items()}
    return versions, contenders, missing, answers


def answer(pictures):
    scores = torch.cat(pictures)
    return {"kept": scores.numel(), "scores": scores.sum().item()}


def decode(loc, priors, variances):
    centre = priors[:, :2] + loc[..., :2] * variances[0] * priors[:, 2:]
    size = priors[:, 2:] * torch.exp(loc[..., 2:] * variances[1])
    return torch.cat([centre - size / 2, centre + size / 2], -1)


def of_each_class(boxes, scores, iou):
    """Scores that are left, class after class."""
    left = []
    for c in range(1, scores.size(1)):
        of_class = scores[:, c]
        left.append(of_class[greedy(boxes, of_class, iou)])
    return torch.cat(left)


def greedy(boxes, scores, iou):
    """Takes the best, strikes out what it covers, and so on."""
    order = scores.argsort(descending=True)
    kept = []
    while order.numel() > 0:
        best, order = order[0], order[1:]
        kept.append(best)
        order = order[jaccard(boxes[best][None], boxes[order])[0] <= iou]
    return torch.stack(kept)


def batched_nms(versions):
    import torchvision_import  # noqa: F401
    import torchvision

    versions["torchvision"] = torchvision.__version__

    def pick(boxes, scores, iou):
        count, classes = scores.size(0), scores.size(1) - 1
        flat = scores[:, 1:].t().flatten()
        labels = torch.arange(classes, device=boxes.device).repeat_interleave(count)
        return flat[torchvision.ops.batched_nms(boxes.repeat(classes, 1), flat, labels, iou)]

    # Torchvision's binary may not fit this torch: that shows when it is called.
    try:
        pick(torch.tensor([[0.0, 0, 1, 1]]), torch.tensor([[0.5, 0.5]]), 0.5)
    except (RuntimeError, NotImplementedError) as error:
        raise ImportError(str(error).split(". ")[0]) from error
    return pick


if __name__ == "__main__":
    serve(prepare)
