#pragma once

#include <cstdint>

#include "core/portable.h"

namespace ssd {

struct Rgb {
  float values[3];
};

// The numbers of a photometric distortion as a pixel needs them.
struct Distortion {
  float brightness = 0;  // added, of 255
  float before = 1;      // contrast ahead of saturation and hue
  float saturation = 1;
  float hue = 0;  // in sixths of the circle, -6 to 6
  float after = 1;
  int32_t turns = 0;  // whether saturation or hue change anything
  int32_t channels[3] = {0, 1, 2};
};

// Held to 0..1.
SSD_HOST_DEVICE inline float unit(float value) {
  value = value < 0 ? 0 : value;
  return value > 1 ? 1 : value;
}

SSD_HOST_DEVICE inline float magnitude(float value) {
  return value < 0 ? -value : value;
}

// Saturation and hue changed through HSV, with the value left as it is. No branch, so that loops
// over it become vector code. Grey has no hue to turn, and what is below black none either.
SSD_HOST_DEVICE inline void turn(const Distortion& d, float& r, float& g, float& b) {
  const float rg = r > g ? r : g, low_rg = r < g ? r : g;
  const float value = rg > b ? rg : b;
  const float chroma = value - (low_rg < b ? low_rg : b);
  const bool coloured = value > 0;
  const float per = 1 / (chroma > 0 ? chroma : 1);
  float sector = value == r ? (g - b) * per : value == g ? 2 + (b - r) * per : 4 + (r - g) * per;
  sector += coloured ? d.hue : 0;
  sector = sector < 0 ? sector + 6 : sector;
  sector = sector >= 6 ? sector - 6 : sector;
  const float range = chroma * (coloured ? d.saturation : 1);
  // What each channel lacks of the value: trapezia over the circle (HSV without its six cases).
  r = value - range * unit(2 - magnitude(sector - 3));
  g = value - range * unit(magnitude(sector - 2) - 1);
  b = value - range * unit(magnitude(sector - 4) - 1);
}

// All but the permutation of the channels. RGB of 0..255; nothing is clipped.
SSD_HOST_DEVICE inline void distort(const Distortion& d, float& r, float& g, float& b) {
  r = (r + d.brightness) * d.before;
  g = (g + d.brightness) * d.before;
  b = (b + d.brightness) * d.before;
  if (d.turns != 0) turn(d, r, g, b);
  r *= d.after;
  g *= d.after;
  b *= d.after;
}

// The same with the channels permuted: all that happens to a pixel.
SSD_HOST_DEVICE inline Rgb distorted(const Distortion& d, float r, float g, float b) {
  distort(d, r, g, b);
  const float from[3] = {r, g, b};
  return {{from[d.channels[0]], from[d.channels[1]], from[d.channels[2]]}};
}

}  // namespace ssd
