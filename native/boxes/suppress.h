#pragma once

#include <c10/util/bit_cast.h>

#include <cstdint>

#include "core/portable.h"

namespace ssd {

// What the CPU's and the GPU's suppression share.

struct Corners {
  float x1, y1, x2, y2;
};

// Whether the IoU of two boxes is over `iou`: as jaccard of box.h, without a branch.
SSD_HOST_DEVICE inline bool overlaps(const Corners& a, const Corners& b, float iou) {
  const float width = (b.x2 < a.x2 ? b.x2 : a.x2) - (a.x1 < b.x1 ? b.x1 : a.x1);
  const float height = (b.y2 < a.y2 ? b.y2 : a.y2) - (a.y1 < b.y1 ? b.y1 : a.y1);
  const float inter = width * height;
  const float both = (a.x2 - a.x1) * (a.y2 - a.y1) + (b.x2 - b.x1) * (b.y2 - b.y1);
  return (width > 0) & (height > 0) & (inter / (both - inter) > iou);
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
