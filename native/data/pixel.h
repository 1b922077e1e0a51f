#pragma once

#include "core/portable.h"
#include "data/layer.h"

// The formulas of resampling, a pixel at a time: the CUDA kernel calls them, the CPU's fast rows
// are held to them by tests.

namespace ssd {

// Where one output position comes from: two pixels and the weight of the second.
struct Tap {
  int32_t low, high;
  float weight;
};

// Position `i` of `count` over the extent: bilinear with half-pixel centres and no antialiasing (as
// OpenCV's resize, which the field's weights were trained with), held to the view's own pixels. In
// double, since a position of a thousand pixels leaves a float too few bits for its fraction.
SSD_HOST_DEVICE inline Tap tap(double start, double extent, int32_t count, int32_t i, bool mirror) {
  const double place = mirror ? count - 1 - i : i;
  const double centre = start + (place + 0.5) * (extent / count) - 0.5;
  auto base = static_cast<int32_t>(centre);
  if (base > centre) --base;  // floor
  auto first = static_cast<int32_t>(start);
  if (first > start) --first;
  auto end = static_cast<int32_t>(start + extent);
  if (end < start + extent) ++end;  // ceil
  const int32_t next = base + 1, last = end - 1;
  return {base < first ? first : (base > last ? last : base),
          next < first ? first : (next > last ? last : next), static_cast<float>(centre - base)};
}

// A layer and where its pixels are, as the device that reads them knows the place.
struct Record {
  const uint8_t* pixels = nullptr;  // u8 RGB rows without padding
  int32_t width = 0, height = 0;
  View view;
  Region region;
  Distortion distortion;
  float opacity = 1;
};

// A source pixel with its colours distorted; outside the picture the mean, as it is.
SSD_HOST_DEVICE inline Rgb source_pixel(const Record& layer, const Rgb& mean, int32_t x,
                                        int32_t y) {
  if (x < 0 || x >= layer.width || y < 0 || y >= layer.height) return mean;
  const uint8_t* const at = layer.pixels + (static_cast<int64_t>(y) * layer.width + x) * 3;
  return distorted(layer.distortion, at[0], at[1], at[2]);
}

// Lays a layer over pixel (x, y) of the training picture.
SSD_HOST_DEVICE inline void lay(const Record& layer, const Rgb& mean, int32_t x, int32_t y,
                                Rgb& under) {
  const auto& [left, top, width, height] = layer.region;
  if (x < left || x >= left + width || y < top || y >= top + height) return;
  const auto& view = layer.view;
  const Tap column = tap(view.left, view.width, width, x - left, view.mirror);
  const Tap row = tap(view.top, view.height, height, y - top, false);
  const Rgb a = source_pixel(layer, mean, column.low, row.low);
  const Rgb b = source_pixel(layer, mean, column.high, row.low);
  const Rgb c = source_pixel(layer, mean, column.low, row.high);
  const Rgb d = source_pixel(layer, mean, column.high, row.high);
  for (int i = 0; i < 3; ++i) {
    const float upper = a.values[i] + column.weight * (b.values[i] - a.values[i]);
    const float lower = c.values[i] + column.weight * (d.values[i] - c.values[i]);
    const float value = upper + row.weight * (lower - upper);
    under.values[i] += layer.opacity * (value - under.values[i]);
  }
}

}  // namespace ssd
