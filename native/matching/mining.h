#pragma once

#include <cstdint>

#include "core/portable.h"

namespace ssd {

struct MiningOptions {
  double neg_pos_ratio = 3;
  int64_t negatives_for_hard = 100;
  // The article's corner cases: positives compete with a score of 0, and the count is held under
  // P - 1 instead of under the number of negatives.
  bool article = false;
};

// Hard negatives of a picture (SPEC, section 3): `neg_pos_ratio` for each positive,
// `negatives_for_hard` where there is none.
SSD_HOST_DEVICE inline int64_t negatives_wanted(int64_t positives, int64_t priors,
                                                const MiningOptions& options) {
  const auto wanted = static_cast<int64_t>(static_cast<double>(positives) * options.neg_pos_ratio);
  const int64_t most = options.article ? priors - 1 : priors - positives;
  const int64_t count = wanted < most ? wanted : most;
  const int64_t for_hard =
      options.negatives_for_hard < priors ? options.negatives_for_hard : priors;
  // The article asks whether the count came out as zero; for us a picture is hard when it has no
  // positive, whatever the ratio.
  return (options.article ? count : positives) == 0 ? for_hard : count;
}

// Scores as integers of the same order, so that the hardest can be found digit by digit. Whatever
// is excluded is 0, which no score is; what is not a number comes first, that it may not be
// overlooked.
SSD_HOST_DEVICE inline uint32_t order_of(uint32_t bits) {
  if ((bits & 0x7fffffffU) > 0x7f800000U) return 0xffffffffU;
  return (bits >> 31U) != 0 ? ~bits : bits | 0x80000000U;
}

// Of [P] keys the `count` highest, the lower prior of equals: those over `cut`, and of those equal
// to it the first `equals`.
struct Cut {
  uint32_t cut;
  int64_t equals;
};
Cut hardest(const uint32_t* keys, int64_t priors, int64_t count);

}  // namespace ssd
