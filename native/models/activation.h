#pragma once

#include <limits>

#include "core/portable.h"

namespace ssd {

// What follows a BatchNorm, by value: a clip to (low, high), or hardswish.
struct Activation {
  float low = -std::numeric_limits<float>::infinity();
  float high = std::numeric_limits<float>::infinity();
  bool hardswish = false;
};

// Not min and max: a NaN stays one, so that a run that diverged is seen to.
SSD_HOST_DEVICE inline float clip(float z, float low, float high) {
  z = z < low ? low : z;
  return z > high ? high : z;
}

SSD_HOST_DEVICE inline float activate(const Activation& act, float z) {
  return act.hardswish ? z * clip(z + 3, 0, 6) / 6 : clip(z, act.low, act.high);
}

// The gradient at z of what gets `dy` after it. A bound itself has none, as in PyTorch.
SSD_HOST_DEVICE inline float activate_backward(const Activation& act, float z, float dy) {
  if (act.hardswish) return z < -3 ? 0 : z > 3 ? dy : dy * (z / 3 + 0.5F);
  return z > act.low && z < act.high ? dy : 0;
}

}  // namespace ssd
