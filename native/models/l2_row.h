#pragma once

#include <cmath>
#include <limits>

#include "core/portable.h"

namespace ssd {

// One cell of an L2Norm from the sum of its squares. `slope` is what times x is the gradient of
// the length by x: 1 / |x|, or 0 where the root is held level.
struct Length {
  float inverse, slope;
};

SSD_HOST_DEVICE inline Length length_of(float square) {
  const float least = std::numeric_limits<float>::min();
  const float root = sqrtf(square < least ? least : square);
  return {1 / (root + 1e-10F), square < least ? 0 : 1 / root};
}

}  // namespace ssd
