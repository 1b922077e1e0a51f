#pragma once

#include <array>
#include <cstdint>

#include "data/colour.h"

namespace ssd {

// The part of a picture that a training picture shows, in the picture's pixels; it may reach
// outside, where the mean colour stands.
struct View {
  float left = 0, top = 0, width = 0, height = 0;
  bool mirror = false;
};

// What the network expects of its input: (value - mean) / std for RGB values of 0..255.
struct Normalisation {
  std::array<float, 3> mean{0, 0, 0};
  std::array<float, 3> std{1, 1, 1};
};

// Resamples the view to side x side, bilinear with half-pixel centres and no antialiasing (as
// OpenCV's resize, which the field's weights were trained with), distorts its colours unless
// `colour` is null, and normalises: out[side][side][3]. One pass: the colours are distorted after
// the resampling, which costs the output's pixels instead of the picture's.
void resample(const uint8_t* pixels, int32_t width, int32_t height, const View& view, int32_t side,
              const Colour* colour, const Normalisation& normalisation, float* out);

}  // namespace ssd
