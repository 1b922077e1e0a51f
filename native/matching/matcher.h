#pragma once

#include <ATen/core/Tensor.h>

#include "boxes/coder.h"

namespace ssd {

// The truths of a batch, padded to the longest: boxes [B, G, 4] corners relative to the picture,
// labels [B, G] int64, 0-based foreground, -1 where padded. G >= 1.
struct Targets {
  at::Tensor boxes;
  at::Tensor labels;
};

// Who owns a prior that is the best of two truths: the last of them, as in the field's code, or
// each truth gets one of its own, the highest IoU first.
enum class Conflict { Last, Greedy };

struct MatchOptions {
  double threshold = 0.5;
  Conflict conflict = Conflict::Last;
  Variances variances{0.1, 0.2};
};

struct Matched {
  at::Tensor truth;      // [B, P] int32: the truth that a prior is to find, -1 for background
  at::Tensor positives;  // [B] int32: priors that are to find one
  at::Tensor unmatched;  // [B] int32: truths that no positive prior belongs to
};

// SSD's matching, all pictures at once and without a transfer to the host (SPEC, section 2):
// every truth owns its best prior; others go to their best truth when IoU >= threshold.
Matched match(const Targets& targets, const at::Tensor& priors, const MatchOptions& options);

// What that says of each prior: offsets [B, P, 4], 0 for background, and classes [B, P] int32 with
// 0 for background. The losses encode positives alone, on their way.
struct Encoded {
  at::Tensor loc, classes;
};
Encoded encode_matched(const at::Tensor& truth, const Targets& targets, const at::Tensor& priors,
                       const Variances& variances);

}  // namespace ssd
