from dataclasses import dataclass
from functools import partial

import torch

from boxes import decode, to_centres
from cases import normal, random_boxes, uniform, until
from detections import DEFAULTS, candidates, detect, softmax
from domains.losses import ints
from domains.run import Case
from stability import clear, suppression_is_stable

# Scores nearer than this part of them are the same to float32, or should have been equal.
NEAR = 4e-6


@dataclass
class Outputs:
    loc: torch.Tensor  # [B, P, 4]
    conf: torch.Tensor  # [B, P, C]
    priors: torch.Tensor  # [P, 4], centre form
    options: dict

    def pictures(self):
        options = {**DEFAULTS, **self.options}
        for loc, conf in zip(self.loc.double(), self.conf.double()):
            yield loc, conf, self.priors.double(), options

    def found(self):
        return [detect(*picture) for picture in self.pictures()]


def cases(run):
    for index, (name, make) in enumerate(RECIPES.items()):
        rng = torch.Generator().manual_seed(run.seed * 1000 + index)
        drawn = until(partial(make, rng), is_clear, name)
        limit = {**DEFAULTS, **drawn.options}["maxDetections"]
        lists = [all_found[:limit] for all_found in drawn.found()]
        found = [one for one_list in lists for one in one_list]
        values = {
            "loc": drawn.loc,
            "conf": drawn.conf,
            "priors": drawn.priors,
            "counts": ints([len(one_list) for one_list in lists]),
            "chosen": ints([one.prior for one in found]),
            "labels": ints([one.label for one in found]),
            "scores": torch.tensor([one.score for one in found], dtype=torch.float64),
            "boxes": torch.tensor([one.box for one in found], dtype=torch.float64).reshape(-1, 4),
        }
        yield Case(name, drawn.options, values)


def is_clear(drawn):
    """Scores differ from the least one, and from each other unless they are equal; overlaps of what
    competes differ from the threshold."""
    for loc, conf, priors, options in drawn.pictures():
        boxes = decode(loc, priors, options["variances"], options["coderClip"])
        rows = [softmax(row) for row in conf.tolist()]
        for c in range(1, conf.shape[1]):
            of_class = [row[c] for row in rows]
            if not all(clear(s, options["minScore"], True, NEAR * s) for s in of_class):
                return False
            if not apart([s for s in of_class if s >= options["minScore"]]):
                return False
            best = boxes[candidates(of_class, options)].float()
            if not suppression_is_stable(best, options["iou"], options["iou"] in (0, 1)):
                return False
        if not apart([one.score for one in detect(loc, conf, priors, options)]):
            return False
    return True


def apart(scores):
    ranked = sorted(scores)
    return all(clear(a, b, True, NEAR * b) for a, b in zip(ranked, ranked[1:]))


def draw(rng, pictures=2, priors=30, classes=4, sure=2.0, far=1.0, **options):
    """Groups of near priors, so that there is something to suppress. `far` stretches the offsets."""
    middles = random_boxes(rng, max(1, priors // 5), 0.15, 0.6)
    near = middles[torch.randint(0, len(middles), (priors,), generator=rng)]
    shape = (pictures, priors)
    return Outputs(
        far * normal(rng, *shape, 4),
        sure * normal(rng, *shape, classes),
        to_centres(near + uniform(rng, (priors, 4), -0.03, 0.03)),
        options,
    )


def equal_scores(rng):
    """Rows of three kinds, in each of which two classes are equal: `topK` and `maxDetections` both cut
    between equals."""
    drawn = draw(rng, priors=40, classes=5, topK=17, maxDetections=13, iou=0.6)
    kinds = 2 * normal(rng, 3, 5)
    kinds[:, 3] = kinds[:, 1]
    drawn.conf[:] = kinds[torch.randint(0, 3, drawn.conf.shape[:2], generator=rng)]
    cuts = [(len(all) > 13 and all[12].score == all[13].score) for all in drawn.found()]
    return drawn if any(cuts) else None


def at_the_score(rng):
    """A fifth of the rows give each of four classes a quarter, exactly the least score."""
    drawn = draw(rng, pictures=1, minScore=0.25)
    drawn.conf[:, ::5] = 0
    return drawn


def same_boxes(rng):
    """Two priors with one box: its overlap is 1, and not over 1."""
    drawn = draw(rng, pictures=1, iou=1, minScore=0.1)
    drawn.priors[1], drawn.loc[:, 1] = drawn.priors[0], drawn.loc[:, 0]
    labels = [{one.label for one in drawn.found()[0] if one.prior == prior} for prior in (0, 1)]
    return drawn if labels[0] & labels[1] else None


def outside(rng):
    """Some boxes reach over the picture's edge, and some have nothing of it."""
    drawn = draw(rng, pictures=1, minScore=0.2)
    drawn.priors[:, :2] = uniform(rng, (len(drawn.priors), 2), -0.3, 1.3)
    flat = [one.box[0] == one.box[2] for all in drawn.found() for one in all]
    return drawn if any(flat) else None


def clipped(rng, coder_clip):
    """Offsets that enlarge the priors by more than torchvision's bound, and by more than a float."""
    drawn = draw(rng, pictures=1, far=4.0, coderClip=coder_clip, minScore=0.2)
    drawn.priors[:, 2:] *= 0.2
    drawn.loc[:, ::7, 2:] = 300
    reached = (drawn.loc[..., 2:] * 0.2 > coder_clip).float().mean()
    return drawn if reached > 0.1 else None


def cut(rng, **options):
    """More is found than `maxDetections`, or more is over the score than `topK`."""
    drawn = draw(rng, **options)
    whole = Outputs(drawn.loc, drawn.conf, drawn.priors, {})
    numbers = [(len(all), len(every)) for all, every in zip(drawn.found(), whole.found())]
    limit = drawn.options.get("maxDetections")
    short = [found > limit if limit else found < all for found, all in numbers]
    return drawn if all(short) else None


def nothing(rng):
    """Everything is below the score in the first picture, nearly everything in the second."""
    drawn = draw(rng, sure=0.5, minScore=0.9)
    drawn.conf[1, ::17, 2] += 6
    empty, few = (len(all) for all in drawn.found())
    return drawn if empty == 0 and few > 0 else None


RECIPES = {
    "random": lambda rng: draw(rng, pictures=3, priors=20),
    "many-classes": lambda rng: draw(
        rng, pictures=1, priors=14, classes=81, sure=2.5, minScore=0.05
    ),
    "one-class": lambda rng: draw(rng, classes=2, minScore=0.3),
    "equal-scores": equal_scores,
    "below-the-score": nothing,
    "at-the-score": at_the_score,
    "score-zero": lambda rng: draw(rng, pictures=1, minScore=0),
    "top-k": lambda rng: cut(rng, topK=7),
    "max-detections": lambda rng: cut(rng, maxDetections=5),
    "outside": outside,
    "variances": lambda rng: draw(rng, pictures=1, variances=[0.25, 0.05], minScore=0.2),
    "coder-clip": lambda rng: clipped(rng, 0.7),
    "coder-clip-torchvision": lambda rng: clipped(rng, 4.135166556742356),
    "one-prior": lambda rng: draw(rng, priors=1),
    "iou-0": lambda rng: draw(rng, pictures=1, iou=0, minScore=0.1),
    "iou-1": same_boxes,
}
