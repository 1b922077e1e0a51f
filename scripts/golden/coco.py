"""Average precision by pycocotools' COCOeval for boxes.

    python3 scripts/golden/coco.py < CASES.json

CASES.json is a list of {images, categories, annotations, detections} as COCO's files have them. Prints a list of
{numbers, classes}: the twelve numbers in pycocotools' order, and the AP of each category that has truths.
"""

import contextlib
import io
import json
import sys

from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval


def evaluate(case):
    truth = COCO()
    truth.dataset = {key: case[key] for key in ("images", "categories", "annotations")}
    truth.createIndex()
    run = COCOeval(truth, truth.loadRes(case["detections"]), "bbox")
    run.evaluate()
    run.accumulate()
    run.summarize()
    precision = run.eval["precision"][:, :, :, 0, -1]
    classes = {
        int(category): precision[:, :, k].mean()
        for k, category in enumerate(run.params.catIds)
        if precision[0, 0, k] > -1
    }
    return {"numbers": run.stats.tolist(), "classes": classes}


if __name__ == "__main__":
    with contextlib.redirect_stdout(io.StringIO()):
        results = [evaluate(case) for case in json.load(sys.stdin)]
    json.dump(results, sys.stdout)
