"""Greedy non-maximum suppression."""

from boxes import jaccard


def nms(boxes, scores, iou):
    """Indices kept, best score first (the lower index on ties).

    A box falls to a better one that is kept when their IoU is over `iou`; equality stays.
    """
    overlaps = jaccard(boxes, boxes)
    kept = []
    for i in sorted(range(len(boxes)), key=lambda i: (-scores[i].item(), i)):
        if all(overlaps[k, i].item() <= iou for k in kept):
            kept.append(i)
    return kept
