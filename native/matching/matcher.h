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
  at::Tensor loc;        // [B, P, 4] offsets of the matched truth
  at::Tensor classes;    // [B, P] int64, 0 is background
  at::Tensor unmatched;  // [] int64: truths that no positive prior belongs to
};

// SSD's matching, all pictures at once and without a transfer to the host (SPEC, section 2):
// every truth owns its best prior; others go to their best truth when IoU >= threshold.
Matched match(const Targets& targets, const at::Tensor& priors, const MatchOptions& options);

}  // namespace ssd
