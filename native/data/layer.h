#pragma once

#include <array>
#include <cstdint>

#include "data/colour.h"

namespace ssd {

// The part of a picture that is shown, in the picture's pixels; it may reach outside, where the
// mean colour stands.
struct View {
  float left = 0, top = 0, width = 0, height = 0;
  bool mirror = false;
};

// A part of the training picture, in its pixels.
struct Region {
  int32_t left = 0, top = 0, width = 0, height = 0;

  bool operator==(const Region&) const = default;
};

// A picture's part in a training picture. Layers lie over one another in order; what none covers
// is the mean colour.
struct Layer {
  uint32_t index = 0;  // of the picture in its source
  View view;
  Region region;
  Colour colour;
  float opacity = 1;
  int32_t mode = 0;  // of the crop: 0 none, 1 to 4 a minimum IoU of .1, .3, .7, .9, 5 any patch
};

// What the network expects of its input: (value - mean) / std for RGB values of 0..255.
struct Normalisation {
  std::array<float, 3> mean{0, 0, 0};
  std::array<float, 3> std{1, 1, 1};
};

}  // namespace ssd
