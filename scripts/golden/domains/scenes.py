"""Matching and mining on thousands of scenes that are drawn on both sides, so that only what came of
them is written: a digest of each block of scenes, counts, sums and a sample of the offsets."""

import torch

import matching
from boxes import jaccard, to_corners
from domains.losses import ints
from domains.run import Case
from hashed import below, digest, near
from mining import mine
from multibox import DEFAULTS, Picture
from priors import prior_boxes
from quick import classes_of, judge, offsets
from scenes import EXACT, FINE, draw, snapped
from stability import matching_is_clear, mining_is_clear
from store import Big

BLOCK = 25  # scenes of a digest
CLASSES = 20  # foreground
UNCLEAR = 0.02  # most of all scenes that may be left out
AGAIN = 50  # every so many scenes are matched by matching.py as well

COARSE = ["coarse", "coarse", "again"]
ALL = ["any", "small", "tiny", "whole", "coarse", "again", "near"]
# name -> preset, maps left out of its grid, what else its grid has instead.
GRIDS = {
    "80 priors": ("ssd128-tiny", 2, {}),
    # Priors and boxes on 1/16: many overlaps of exactly the threshold.
    "80 priors, sixteenths": ("ssd128-tiny", 2, {"sizes": [32, 64, 96]}),
    "336 priors": ("ssd128-tiny", 1, {}),
    "1360 priors": ("ssd128-tiny", 0, {}),
    "8732 priors": ("ssd300-vgg16", 0, {}),
}
# name -> grid, scenes, most boxes, draws, kinds of boxes, lattice.
SCENES = {
    "80 priors": ("80 priors", 2500, 12, 2, ALL, EXACT),
    "80 priors, sixteenths": ("80 priors, sixteenths", 500, 8, 1, COARSE, EXACT),
    "336 priors": ("336 priors", 3700, 20, 3, ALL, EXACT),
    "336 priors, crowds": ("336 priors", 120, 300, 1, ALL, EXACT),
    "336 priors, rounded": ("336 priors", 200, 2, 1, ["even", "near"], FINE),
    "1360 priors": ("1360 priors", 1900, 30, 3, ALL, EXACT),
    "1360 priors, crowds": ("1360 priors", 40, 300, 1, ALL, EXACT),
    "1360 priors, rounded": ("1360 priors", 840, 3, 1, ["even", "even", "near"], FINE),
    "8732 priors": ("8732 priors", 140, 30, 3, ALL, EXACT),
    "8732 priors, crowds": ("8732 priors", 10, 300, 1, ALL, EXACT),
    "8732 priors, rounded": ("8732 priors", 50, 3, 1, ["even", "even", "again"], FINE),
}
# Scenes, how many of them, options of the matching.
MATCHED = [
    *((name, scenes, {}) for name, (_, scenes, *_) in SCENES.items()),
    ("80 priors", 500, {"conflict": "greedy"}),
    ("80 priors, sixteenths", 500, {"conflict": "greedy"}),
    ("336 priors", 400, {"conflict": "greedy"}),
    ("336 priors, crowds", 20, {"conflict": "greedy"}),
    ("1360 priors, rounded", 300, {"conflict": "greedy"}),
    ("1360 priors", 100, {"conflict": "greedy"}),
    ("80 priors", 1000, {"overlapThreshold": 0.35, "variances": [0.2, 0.25]}),
    ("80 priors, sixteenths", 500, {"overlapThreshold": 0.25}),
    ("336 priors", 1000, {"overlapThreshold": 0.6}),
    ("1360 priors, rounded", 300, {"overlapThreshold": 0.4}),
]
# Scenes, how many of them, logits of the background and others, kinds of rows, options of the mining.
MINED = [
    ("80 priors", 1200, 4, 100_000, {}),
    ("80 priors", 1000, 4, 7, {}),
    ("80 priors", 600, 3, 40, {"compat": "article", "negativesForHard": 20}),
    ("336 priors", 500, 4, 300, {"negPosRatio": 2.5, "negativesForHard": 7}),
]


def cases(run):
    left_out = total = 0
    makers = [(matched, row) for row in MATCHED] + [(mined, row) for row in MINED]
    for make, row in makers:
        case = make(run, *row)
        left_out += len(case.options["unclear"])
        total += case.options["scenes"]
        yield case
    assert left_out < UNCLEAR * total, f"{left_out} of {total} scenes are unclear"


class Setting:
    """Scenes, their priors, and what the engine's side needs to have the same."""

    def __init__(self, run, name, count, classes, options):
        geometry, _, most, draws, kinds, lattice = SCENES[name]
        preset, skip, others = GRIDS[geometry]
        whole = run.presets[preset]
        grid = {key: whole[key][skip:] for key in ("maps", "steps", "sizes", "ratios")} | others
        priors = prior_boxes({**whole, **grid})
        self.exact = lattice == EXACT
        self.priors = snapped(priors) if self.exact else priors.float().double()
        self.block = 1 if run.full else BLOCK
        self.match = {key: options.get(key, value) for key, value in DEFAULTS.items()}
        self.about = {
            "grid": {"preset": preset, **grid},
            "stream": f"{run.seed}/scenes/{name}",
            "scenes": count,
            "most": most,
            "draws": draws,
            "kinds": kinds,
            "lattice": lattice,
            "classes": classes,
            "block": self.block,
            "options": options,
        }
        drawing = {key: self.about[key] for key in ("most", "draws", "kinds", "lattice", "classes")}
        self.scenes = draw(self.about["stream"], count, **drawing)
        self.name = ", ".join([f"{count} of {name}", *(f"{k} {v}" for k, v in options.items())])

    def matched(self):
        """(index, scene, truth of each prior or None where that is unclear)"""
        for index, scene in enumerate(self.scenes):
            truth, clear = judge(scene, self.priors, self.match, self.exact)
            if index % AGAIN == 0:
                check(scene, truth, clear, self)
            yield index, scene, truth if clear else None

    def blocks(self, found, empty):
        """Values of the scenes, by index, joined in blocks; `empty` where a block has none."""
        size = self.block
        for start in range(0, len(self.scenes), size):
            values = [found[i] for i in range(start, start + size) if i in found]
            yield torch.cat(values) if values else empty


def check(scene, truth, clear, setting):
    """The slow way comes to the same."""
    slow = matching.match(scene.boxes, scene.labels, setting.priors, setting.match)
    if setting.exact:
        assert_same(scene, truth, slow, setting)
        return
    iou = jaccard(scene.boxes, to_corners(setting.priors)) if len(scene.boxes) > 0 else None
    if iou is not None and matching_is_clear(scene.boxes, setting.priors, setting.match, False):
        assert clear, f"{setting.name}: expected a clear scene"
    if clear:
        assert_same(scene, truth, slow, setting)


def assert_same(scene, truth, slow, setting):
    classes, unmatched = classes_of(truth, scene.labels)
    assert classes.equal(slow.classes) and unmatched == slow.unmatched, setting.name
    loc = offsets(truth, scene.boxes, setting.priors, setting.match["variances"])
    assert torch.allclose(loc, slow.loc[truth >= 0], rtol=1e-12, atol=1e-12), setting.name


def matched(run, name, count, options):
    setting = Setting(run, name, count, CLASSES, options)
    classes, loc, unmatched, unclear = {}, {}, {}, []
    for index, scene, truth in setting.matched():
        if truth is None:
            unclear.append(index)
            continue
        classes[index], without = classes_of(truth, scene.labels)
        unmatched[index] = ints([without])
        variances = setting.match["variances"]
        loc[index] = offsets(truth, scene.boxes, setting.priors, variances)
    offset = list(setting.blocks(loc, torch.zeros(0, 4, dtype=torch.float64)))
    labels = list(setting.blocks(classes, ints([])))
    values = {
        "digests": ints([digest(block) for block in labels]),
        "positives": ints([int((block > 0).sum()) for block in labels]),
        "unmatched": ints([int(block.sum()) for block in setting.blocks(unmatched, ints([]))]),
        "sums": torch.stack([block.sum() for block in offset]),
        "squares": torch.stack([block.square().sum() for block in offset]),
        "loc": Big(torch.cat(offset), 150),
    }
    return Case(setting.name, {**setting.about, "unclear": unclear}, values)


def mined(run, name, count, channels, kinds, options):
    """The logits of a row are one of `kinds`: the fewer, the more rows have the same loss."""
    setting = Setting(run, name, count, channels - 1, options)
    stream, priors = setting.about["stream"], len(setting.priors)
    logits = near(f"{stream}/logits", (kinds, channels), 0, 4).double()
    rows = below(f"{stream}/rows", count * priors, kinds).reshape(count, priors)
    ce = -logits.log_softmax(dim=1)
    selected, positives, unclear = {}, {}, []
    for index, scene, truth in setting.matched():
        if truth is None:
            unclear.append(index)
            continue
        classes, _ = classes_of(truth, scene.labels)
        positive = classes > 0
        score = ce[rows[index], classes]
        picture = Picture(None, positive, positive | mine(score, positive, setting.match), score)
        if mining_is_clear(picture, setting.match, True):
            selected[index], positives[index] = picture.selected, positive
        else:
            unclear.append(index)
    nothing = torch.zeros(0, dtype=torch.bool)
    masks = list(setting.blocks(selected, nothing))
    values = {
        "digests": ints([digest(block.nonzero()) for block in masks]),
        "selected": ints([int(block.sum()) for block in masks]),
        "positives": ints([int(block.sum()) for block in setting.blocks(positives, nothing)]),
    }
    about = {**setting.about, "rows": kinds, "unclear": unclear}
    named = f"mining in {setting.name}, {kinds} kinds of rows"
    return Case(named, about, values)
