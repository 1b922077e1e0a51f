"""Random inputs. They are drawn in float32 and drawn again until every decision is clear."""

from dataclasses import dataclass, replace
from functools import partial

import torch

from boxes import jaccard, to_centres, to_corners
from matching import match, owners_last
from multibox import look_at
from multibox_kd import DEFAULTS
from priors import SSD300, prior_boxes
from stability import MARGIN, batch_is_stable, suppression_is_stable

SMALL = {
    "size": 96,
    "maps": [4, 2, 1],
    "steps": [24, 48, 96],
    "sizes": [20, 40, 65, 90],
    "ratios": [[2], [2, 3], [2]],
}
MEDIUM = {
    "size": 90,
    "maps": [5, 3, 1],
    "steps": [18, 30, 90],
    "sizes": [16, 32, 56, 80],
    "ratios": [[2], [2, 3], [2]],
}
LARGE = {
    "size": 96,
    "maps": [8, 4, 2, 1],
    "steps": [12, 24, 48, 96],
    "sizes": [12, 24, 44, 68, 92],
    "ratios": [[2], [2, 3], [2, 3], [2]],
}


@dataclass
class Batch:
    """Outputs of a student and a teacher for B pictures with their truths."""

    priors: torch.Tensor  # [P, 4]
    targets: list  # one (boxes [G, 4], labels [G]) a picture
    loc: torch.Tensor  # [B, P, 4]
    conf: torch.Tensor  # [B, P, C]
    teacher_loc: torch.Tensor
    teacher_conf: torch.Tensor
    options: dict  # those that differ from the defaults
    exact: tuple = ()  # where ties are exact: "boxes", "scores", "bound"
    margin: float = MARGIN  # what is clear of scores and bounds

    def to(self, dtype):
        return replace(
            self,
            priors=self.priors.to(dtype),
            targets=[(boxes.to(dtype), labels) for boxes, labels in self.targets],
            loc=self.loc.to(dtype),
            conf=self.conf.to(dtype),
            teacher_loc=self.teacher_loc.to(dtype),
            teacher_conf=self.teacher_conf.to(dtype),
        )

    def inputs(self):
        """Arguments of multibox_kd."""
        student, teacher = (self.loc, self.conf), (self.teacher_loc, self.teacher_conf)
        return student, teacher, self.targets, self.priors, self.options


def batches(seed):
    """name -> Batch."""
    drawn = {}
    for index, (name, make) in enumerate(RECIPES.items()):
        rng = torch.Generator().manual_seed(seed * 1000 + index)
        drawn[name] = until(partial(make, rng), batch_is_stable, name)
    return drawn


def until(make, good, name):
    for _ in range(2000):
        case = make()
        if case is not None and good(case):
            return case
    raise RuntimeError(f"{name}: expected a case with clear decisions, found none in 2000 draws")


def uniform(rng, shape, low, high):
    return torch.rand(shape, generator=rng) * (high - low) + low


def normal(rng, *shape):
    return torch.randn(shape, generator=rng)


def random_boxes(rng, count, low=0.1, high=0.7):
    """Corner form, inside the picture."""
    size = uniform(rng, (count, 2), low, high)
    start = torch.rand((count, 2), generator=rng) * (1 - size)
    return torch.cat([start, start + size], dim=1)


def random_batch(
    rng,
    options=None,
    grid=MEDIUM,
    priors=None,
    counts=None,
    classes=4,
    twins=False,
    copy_loc=False,
    far_logits=False,
):
    """counts: truths of each picture, drawn when absent. twins: two truths of the first picture
    have the same best prior. copy_loc: in the first picture the teacher has the student's offsets.
    far_logits: two thirds of the rows lie 100 above or below the others.
    """
    options = options or {}
    if counts is None:
        pictures = int(torch.randint(1, 5, (), generator=rng))
        counts = torch.randint(0, 9, (pictures,), generator=rng).tolist()
    if priors is None:
        priors = prior_boxes(grid).float()
    targets = []
    for count in counts:
        boxes = random_boxes(rng, count)
        if twins and not targets:
            boxes[-1] = (boxes[0] + uniform(rng, 4, -0.02, 0.02)).clamp(0, 1)
            iou = jaccard(boxes.double(), to_corners(priors.double()))
            if len(owners_last(iou)) == count:
                return None
        targets.append((boxes, torch.randint(0, classes - 1, (count,), generator=rng)))

    batch = Batch(priors, targets, *random_outputs(rng, priors, targets, classes), options)
    if copy_loc:
        batch.teacher_loc[0] = batch.loc[0]
        batch.exact = ("bound",)
    if far_logits:
        far = torch.randint(-1, 2, (len(counts), len(priors), 1), generator=rng)
        batch.conf += 100 * far
    return batch


def random_outputs(rng, priors, targets, classes):
    """loc, conf of the student, then of the teacher: it knows more, and not about every prior."""
    shape = (len(targets), len(priors))
    loc, teacher_loc = normal(rng, *shape, 4), normal(rng, *shape, 4)
    conf, teacher_conf = 2 * normal(rng, *shape, classes), 2 * normal(rng, *shape, classes)
    for b, (boxes, labels) in enumerate(targets):
        found = match(boxes, labels, priors, DEFAULTS)
        truth = found.loc.clamp(-20, 20)
        loc[b] += 0.3 * truth
        teacher_loc[b] += 0.7 * truth
        teacher_conf[b] += 3 * torch.nn.functional.one_hot(found.classes, classes)
    return loc, conf, teacher_loc, teacher_conf


def half_overlap(rng):
    """Every box sits on a grid of 1/64, so that each IoU is exact: overlaps of exactly 0.5 (which
    are positive), truths with several best priors, a prior with two best truths, equal truths. The
    logits repeat, so that the mining cuts through rows of equal loss.
    """
    wholes = [[0, 0, 0.5, 0.5], [0.5, 0.5, 1, 1], [0, 0, 1, 1]]
    halves = [
        [0, 0, 0.25, 0.5],  # IoU 0.5 with the first whole
        [0, 0, 0.5, 0.25],  # the same, the other way
        [0, 0, 0.25, 0.46875],  # 0.46875
        [0.5, 0, 0.75, 0.5],  # 0.5 with [0.5, 0, 1, 0.5], as has the next: the lower index wins
        [0.75, 0, 1, 0.5],
        [0, 0.5, 0.5, 0.75],  # 0.5 with two truths, which have better priors than this
        [0.25, 0.5, 0.5, 1],
        [0.5, 0.5, 1, 0.75],
    ]
    cells = [[x / 4, y / 4, (x + 1) / 4, (y + 1) / 4] for y in range(4) for x in range(4)]
    small = [[x / 8, y / 8, (x + 1) / 8, (y + 1) / 8] for y in range(8) for x in range(8)]
    priors = to_centres(torch.tensor(wholes + halves + cells + small))
    priors = priors[torch.randperm(len(priors), generator=rng)]
    centre = [0.25, 0.25, 0.75, 0.75]  # 0.25 with four cells and the whole: one of them is positive
    pictures = [
        [[0, 0, 0.5, 0.5], [0.5, 0, 1, 0.5], [0, 0.5, 0.5, 1], [0, 0.5, 0.25, 0.75], centre],
        [[0.5, 0.5, 1, 1], [0.5, 0.5, 1, 1], [0.25, 0.5, 0.5, 0.75]],
    ]
    targets = []
    for boxes in pictures:
        labels = torch.randperm(len(boxes), generator=rng)  # equal truths, different labels
        targets.append((torch.tensor(boxes), labels))
    loc, conf, teacher_loc, teacher_conf = random_outputs(rng, priors, targets, 6)
    kinds = 2 * normal(rng, 3, 6)
    conf[:] = kinds[torch.randint(0, 3, conf.shape[:2], generator=rng)]
    teacher_loc[0] = loc[0]
    batch = Batch(priors, targets, loc, conf, teacher_loc, teacher_conf, {})
    batch.exact = ("boxes", "scores", "bound")
    double = batch.to(torch.float64)
    pictures = look_at(double.conf, double.targets, double.priors, DEFAULTS)
    return batch if all(cuts_equals(picture) for picture in pictures) else None


def cuts_equals(picture):
    """Does the mining take one of two rows of equal loss and leave the other?"""
    negative = ~picture.positive
    taken, left = picture.ce[negative & picture.selected], picture.ce[negative & ~picture.selected]
    return len(left) > 0 and taken.min() == left.max()


def article(rng):
    """Nearly all rows are so sure of the background that their loss is exactly 0, the score that
    the article gives to positives: of equals the lower index comes first, whatever it is.
    """
    priors = prior_boxes(MEDIUM).float()
    priors = priors[torch.randperm(len(priors), generator=rng)]
    batch = random_batch(rng, {"compat": "article"}, priors=priors, counts=[3, 2])
    pictures = look_at(batch.conf, batch.targets, batch.priors, {**DEFAULTS, "compat": "none"})
    for b, picture in enumerate(pictures):
        sure = ~picture.positive & (torch.rand(len(batch.priors), generator=rng) > 0.05)
        batch.conf[b, sure, 0] = 120
    batch.exact = ("scores",)
    double = batch.to(torch.float64)
    chosen = [
        look_at(double.conf, double.targets, double.priors, {**DEFAULTS, "compat": compat})
        for compat in ["article", "none"]
    ]
    differ = all(not x.selected.equal(y.selected) for x, y in zip(*chosen))
    return batch if differ else None


def few_priors(rng, options):
    """More truths than priors."""
    priors = to_centres(random_boxes(rng, 6, 0.3, 0.7))
    return random_batch(rng, options, priors=priors, counts=[9, 4], classes=6)


# A picture has no positive only if it has no truth (see `match`), so the empty pictures here are
# the pictures without positives too.
RECIPES = {
    "defaults": lambda rng: random_batch(rng, counts=[4, 2, 5]),
    "any-counts": lambda rng: random_batch(rng, grid=LARGE),
    "empty-picture": lambda rng: random_batch(rng, counts=[3, 0, 2]),
    "all-empty": lambda rng: random_batch(rng, counts=[0, 0]),
    "all-empty-under-100-priors": lambda rng: random_batch(rng, grid=SMALL, counts=[0]),
    "negatives-for-hard": lambda rng: random_batch(rng, {"negativesForHard": 7}, counts=[0, 1]),
    "shared-prior": lambda rng: random_batch(rng, counts=[3, 1], twins=True),
    "shared-prior-greedy": lambda rng: random_batch(
        rng, {"conflict": "greedy"}, counts=[3, 1], twins=True
    ),
    "half-overlap": half_overlap,
    "one-class": lambda rng: random_batch(rng, counts=[3, 2], classes=2),
    "twenty-classes": lambda rng: random_batch(rng, grid=SMALL, counts=[4, 3], classes=21),
    "temperature": lambda rng: random_batch(rng, {"temperature": 2}, counts=[3, 2]),
    "margin": lambda rng: random_batch(rng, {"margin": 0.5}, counts=[3, 4], copy_loc=True),
    "margin-below-zero": lambda rng: random_batch(rng, {"margin": -1.5}, counts=[4, 4]),
    "kl": lambda rng: random_batch(rng, {"soft": "kl", "negWeight": 1}, counts=[3, 2]),
    "kl-temperature": lambda rng: random_batch(
        rng, {"soft": "kl", "temperature": 3, "negWeight": 9}, counts=[3, 2]
    ),
    "class-weights": lambda rng: random_batch(
        rng, {"negWeight": 2.5, "posWeight": 0.4, "temperature": 1.5}, counts=[3, 2]
    ),
    "mu-nu": lambda rng: random_batch(rng, {"mu": 0.25, "nu": 2}, counts=[3, 2]),
    "hard-terms-only": lambda rng: random_batch(rng, {"mu": 1, "nu": 0}, counts=[3, 2]),
    "soft-terms-only": lambda rng: random_batch(rng, {"mu": 0, "nu": 1}, counts=[3, 2]),
    "ratio-floor": lambda rng: random_batch(rng, {"negPosRatio": 2.5}, counts=[3, 2, 1]),
    "ratio-zero": lambda rng: random_batch(rng, {"negPosRatio": 0}, counts=[3, 2]),
    "ratio-beyond-priors": lambda rng: random_batch(
        rng, {"negPosRatio": 30}, grid=SMALL, counts=[5, 1]
    ),
    "article": article,
    "article-ratio-zero": lambda rng: random_batch(
        rng, {"compat": "article", "negPosRatio": 0, "negativesForHard": 20}, counts=[3, 2]
    ),
    "threshold-variances": lambda rng: random_batch(
        rng, {"overlapThreshold": 0.35, "variances": [0.2, 0.25]}, counts=[3, 2]
    ),
    "crowd-greedy": lambda rng: random_batch(
        rng, {"conflict": "greedy"}, grid=SMALL, counts=[12, 10]
    ),
    "far-logits": lambda rng: random_batch(rng, counts=[4, 3], far_logits=True),
    "few-priors": lambda rng: few_priors(rng, {}),
    "few-priors-greedy": lambda rng: few_priors(rng, {"conflict": "greedy"}),
    "ssd300": lambda rng: random_batch(rng, grid=SSD300, counts=[3, 5]),
}


@dataclass
class Boxes:
    """Two sets of boxes (corner form), and one box and one prior a row for the coder."""

    a: torch.Tensor
    b: torch.Tensor
    matched: torch.Tensor
    priors: torch.Tensor  # centre form
    loc: torch.Tensor
    variances: tuple


def box_cases(seed):
    """name -> Boxes."""
    rng = torch.Generator().manual_seed(seed)

    def random(a, b, rows, variances=(0.1, 0.2)):
        matched = random_boxes(rng, rows)
        priors = to_centres(random_boxes(rng, rows, 0.15, 0.8))
        return Boxes(
            random_boxes(rng, a),
            random_boxes(rng, b),
            matched,
            priors,
            normal(rng, rows, 4),
            variances,
        )

    special = random(1, 1, 8)
    special.a = torch.tensor([[0, 0, 0.5, 0.5], [0.25, 0.25, 0.75, 0.75], [0, 0, 1, 1]])
    # The same, inside, side by side, corner on corner, apart, beyond the picture.
    special.b = torch.tensor(
        [
            [0, 0, 0.5, 0.5],
            [0.125, 0.125, 0.25, 0.25],
            [0.5, 0, 1, 0.5],
            [0.75, 0.75, 1, 1],
            [0.9, 0.9, 0.95, 0.95],
            [-0.25, -0.25, 1.25, 1.25],
        ]
    )
    # Boxes that are their priors already: no offset at all.
    special.matched[: len(special.a)] = special.a
    special.priors[: len(special.a)] = to_centres(special.a)
    return {
        "random": random(9, 40, 100),
        "other-variances": random(1, 5, 30, (0.05, 0.25)),
        "special": special,
        "few": random(1, 1, 4),
    }


@dataclass
class Candidates:
    boxes: torch.Tensor
    scores: torch.Tensor
    iou: float
    exact: bool = False


def nms_cases(seed):
    """name -> Candidates."""
    rng = torch.Generator().manual_seed(seed)

    def random(count, iou, levels=None):
        """levels: the scores are multiples of 1 / levels, so that many are equal."""
        centres = random_boxes(rng, max(1, count // 6))
        near = centres[torch.randint(0, len(centres), (count,), generator=rng)]
        scores = torch.rand(count, generator=rng)
        if levels is not None:
            scores = (scores * levels).round() / levels
        return Candidates(near + uniform(rng, (count, 4), -0.04, 0.04), scores, iou)

    def stable(case):
        upright = (case.boxes[:, 2:] > case.boxes[:, :2]).all().item()
        return upright and suppression_is_stable(case.boxes, case.iou, case.exact)

    # Exactly half of the first; over half; the first again, twice.
    half = torch.tensor(
        [
            [0, 0, 0.5, 0.5],
            [0, 0, 0.25, 0.5],
            [0, 0, 0.5, 0.375],
            [0, 0, 0.5, 0.5],
            [0, 0, 0.5, 0.5],
            [0.5, 0.5, 1, 1],
        ]
    )
    return {
        "random": until(lambda: random(120, 0.45), stable, "nms"),
        "loose": until(lambda: random(60, 0.7), stable, "nms"),
        "equal-scores": until(lambda: random(60, 0.5, levels=8), stable, "nms"),
        "half": Candidates(half, torch.tensor([0.9, 0.8, 0.7, 0.9, 0.6, 0.9]), 0.5, True),
        "one": Candidates(random_boxes(rng, 1), torch.tensor([0.5]), 0.45),
        "none": Candidates(torch.zeros(0, 4), torch.zeros(0), 0.45),
    }
