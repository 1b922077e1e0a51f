"""SSD's matching as PyTorch users write it: a picture at a time as in ssd.pytorch and bubbliiiing/ssd-pytorch,
and all pictures of a batch at once."""

import torch


def corners_of(priors):
    return torch.cat([priors[:, :2] - priors[:, 2:] / 2, priors[:, :2] + priors[:, 2:] / 2], 1)


def jaccard(a, b):
    """IoU of all of a [..., A, 4] with all of b [..., B, 4], both in corners."""
    low = torch.maximum(a[..., :, None, :2], b[..., None, :, :2])
    high = torch.minimum(a[..., :, None, 2:], b[..., None, :, 2:])
    sides = (high - low).clamp(min=0)
    inter = sides[..., 0] * sides[..., 1]
    area_a = ((a[..., 2] - a[..., 0]) * (a[..., 3] - a[..., 1]))[..., :, None]
    area_b = ((b[..., 2] - b[..., 0]) * (b[..., 3] - b[..., 1]))[..., None, :]
    return inter / (area_a + area_b - inter)


def encode(matched, priors, variances):
    shift = (matched[..., :2] + matched[..., 2:]) / 2 - priors[:, :2]
    scale = torch.log((matched[..., 2:] - matched[..., :2]) / priors[:, 2:])
    return torch.cat([shift / (variances[0] * priors[:, 2:]), scale / variances[1]], -1)


def match_picture(boxes, labels, priors, threshold, variances):
    """loc [P, 4] and classes [P] of one picture."""
    overlaps = jaccard(boxes, corners_of(priors))
    best_prior = overlaps.max(1)[1]
    best_overlap, best_truth = overlaps.max(0)
    best_overlap.index_fill_(0, best_prior, 2)
    for j in range(best_prior.size(0)):
        best_truth[best_prior[j]] = j
    matches = boxes[best_truth]
    classes = labels[best_truth] + 1
    classes[best_overlap < threshold] = 0
    return encode(matches, priors, variances), classes


def match_loop(truths, priors, threshold, variances):
    """loc [B, P, 4] and classes [B, P], filled picture by picture."""
    loc = priors.new_empty(len(truths), len(priors), 4)
    classes = torch.empty(len(truths), len(priors), dtype=torch.int64, device=priors.device)
    for i, (boxes, labels) in enumerate(truths):
        loc[i], classes[i] = match_picture(boxes, labels, priors, threshold, variances)
    return loc, classes


def padded(truths):
    """boxes [B, G, 4] and labels [B, G], -1 where there is none."""
    boxes = torch.nn.utils.rnn.pad_sequence([boxes for boxes, _ in truths], True)
    labels = torch.nn.utils.rnn.pad_sequence([labels for _, labels in truths], True, -1)
    return boxes, labels


def match_batch(boxes, labels, priors, threshold, variances):
    """The same without a loop over pictures or truths."""
    real = labels >= 0
    overlaps = jaccard(boxes, corners_of(priors)).masked_fill(~real[:, :, None], -1)
    best_prior = overlaps.argmax(2)
    best_overlap, best_truth = overlaps.max(1)
    # A truth's number where it owns a prior, else -1; of two owners the later.
    owner = torch.full_like(best_truth, -1)
    numbers = torch.arange(labels.size(1), device=labels.device).expand_as(labels)
    owner.scatter_reduce_(1, best_prior, numbers.masked_fill(~real, -1), "amax")
    owned = owner >= 0
    best_truth = torch.where(owned, owner, best_truth)
    matches = boxes.gather(1, best_truth[..., None].expand(-1, -1, 4))
    classes = labels.gather(1, best_truth) + 1
    classes = classes.masked_fill(~owned & (best_overlap < threshold), 0)
    return encode(matches, priors, variances), classes
