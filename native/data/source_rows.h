#pragma once

#include <vector>

#include "data/pixel.h"

namespace ssd {

// A pixel as four lanes, of which the last is idle: one register, one load, one store.
using Pixel = float __attribute__((vector_size(16)));

// Of every output column, its two places in a line, of which the first is the mean colour, and the
// weight of the second.
struct Taps {
  std::vector<int32_t> low, high;
  std::vector<float> weight;
};

// A layer's rows, resampled. A source row is distorted and resampled across once, however many
// output rows it takes part in, as long as these are asked for in order.
class SourceRows {
 public:
  SourceRows(const Record& layer, const Normalisation& normalisation);

  const Region& region() const { return layer_.region; }

  // Whether nothing below it shows in row `y` of a training picture of `side` pixels.
  bool covers(int32_t y, int32_t side) const;

  // Lays output row `y` (of the region) over `row`, which is as wide as the training picture.
  void lay(int32_t y, Pixel* row);

 private:
  struct Across {
    int32_t row = -2;  // -1 is a row of the mean colour
    std::vector<Pixel> pixels;
  };

  const Pixel* across(int32_t row);
  void load(int32_t row);

  const Record layer_;
  const Pixel mean_;
  int32_t first_ = 0, columns_ = 0;  // of the picture, what the view shows
  Taps taps_;
  std::vector<float> planes_;
  std::vector<Pixel> line_;
  Across kept_[2];
};

}  // namespace ssd
