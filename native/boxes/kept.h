#pragma once

#include <cstddef>
#include <vector>

#include "boxes/suppress.h"

namespace ssd {

// The boxes that a suppression keeps, side by side, so that a candidate is held against many at
// once.
class Kept {
 public:
  // Whether the IoU of one of them with `box` is over `iou`.
  bool covers(const Corners<float>& box, float iou) const;
  void add(const Corners<float>& box);
  void clear();

 private:
  // Padded to whole blocks with boxes that overlap nothing.
  std::vector<float> x1_, y1_, x2_, y2_;
  size_t count_ = 0;
};

}  // namespace ssd
