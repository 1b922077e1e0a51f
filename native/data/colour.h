#pragma once

#include <array>
#include <cstdint>

#include "core/random.h"
#include "data/distort.h"

namespace ssd {

// SSD's photometric distortion (section 2.2; ssd.pytorch's order): brightness, then contrast before
// or after saturation and hue, then a permutation of the channels; each with probability 1/2.
struct Colour {
  float brightness = 0;  // added, of 255
  float contrast = 1;
  float saturation = 1;
  float hue = 0;  // degrees
  bool contrast_first = true;
  std::array<uint8_t, 3> channels{0, 1, 2};  // of each output channel, where it comes from

  static Colour draw(Random& random);

  Distortion distortion() const;
};

}  // namespace ssd
