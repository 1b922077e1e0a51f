#pragma once

#include <c10/util/bit_cast.h>

#include <cstdint>

#include "boxes/box_math.h"

namespace ssd {

// What the CPU's and the GPU's suppression share.

// Whether the IoU of two boxes is over `iou`.
SSD_HOST_DEVICE SSD_INLINE bool overlaps(const Corners<float>& a, const Corners<float>& b,
                                         float iou) {
  return jaccard_of(a, area_of(a), b, area_of(b)) > iou;
}

// A key for each candidate, no two alike: the higher score has the larger, of equal scores the
// lower index. 0 stands for none. Scores from 0 on, as softmax gives them: their bits rise with
// them.
SSD_HOST_DEVICE inline uint64_t candidate_key(float score, uint32_t index) {
  return (static_cast<uint64_t>(c10::bit_cast<uint32_t>(score)) << 32) | (~index);
}

SSD_HOST_DEVICE inline float score_of(uint64_t key) {
  return c10::bit_cast<float>(static_cast<uint32_t>(key >> 32));
}

SSD_HOST_DEVICE inline uint32_t index_of(uint64_t key) {
  return ~static_cast<uint32_t>(key);
}

}  // namespace ssd
