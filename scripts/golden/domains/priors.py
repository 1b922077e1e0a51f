import torch

from boxes import jaccard, to_corners
from domains.run import Case
from priors import SSD300, prior_boxes
from store import Big

VARIANTS = {
    "fixed": {"stepConvention": "fixed"},
    "imageOverMap": {"stepConvention": "imageOverMap"},
    "unclipped": {"clip": False},
    "sizes": {"clip": "sizes"},
    "corners": {"clip": "corners"},
    "corners-imageOverMap": {"clip": "corners", "stepConvention": "imageOverMap"},
}


def cases(run):
    """Every preset, and every option of the grid on that of SSD300."""
    for name, grid in run.presets.items():
        yield case(name, {"preset": name}, grid)
    for name, options in VARIANTS.items():
        yield case(name, {"preset": "ssd300-vgg16", **options}, {**SSD300, **options})
    check_article()


def case(name, options, grid):
    # The numbers are few but their places are many: a sample would miss one wrong map.
    return Case(name, options, {"priors": Big(prior_boxes(grid), 1024)})


def check_article():
    priors = prior_boxes(SSD300)
    assert priors.shape == (8732, 4)
    truth = torch.tensor([[0.2333, 0.2067, 0.6967, 1.0]], dtype=torch.float64)
    overlap, best = jaccard(truth, to_corners(priors)).max(dim=1)
    assert best.item() == 8711 and round(overlap.item(), 4) == 0.6904, (best, overlap)
