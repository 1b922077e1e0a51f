import torch

from boxes import decode, encode, jaccard
from cases import box_cases
from domains.run import Case


def cases(run):
    for name, case in box_cases(run.seed).items():
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
        yield Case(name, {"variances": list(case.variances)}, values)
