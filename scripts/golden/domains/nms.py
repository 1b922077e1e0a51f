import torch

from cases import nms_cases
from domains.run import Case
from nms import nms


def cases(run):
    for name, case in nms_cases(run.seed).items():
        kept = nms(case.boxes.double(), case.scores.double(), case.iou)
        kept = torch.tensor(kept, dtype=torch.int32)
        values = {"boxes": case.boxes, "scores": case.scores, "kept": kept}
        yield Case(name, {"iou": case.iou}, values)
