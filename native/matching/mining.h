#pragma once

#include <ATen/core/Tensor.h>

namespace ssd {

struct MiningOptions {
  double neg_pos_ratio = 3;
  int64_t negatives_for_hard = 100;
  // The article's corner cases: positives compete with a score of 0, and the count is held under
  // P - 1 instead of under the number of negatives.
  bool article = false;
};

// Hard negatives of each picture (SPEC, section 3): the non-positive priors of the highest
// cross-entropy, `neg_pos_ratio` for each positive, `negatives_for_hard` where there is none; ties
// by the lower prior. ce [B, P], positive [B, P] bool -> [B, P] bool.
at::Tensor hard_negatives(const at::Tensor& ce, const at::Tensor& positive,
                          const MiningOptions& options);

}  // namespace ssd
