#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

namespace ssd {

// What of a prior is held to 0..1: nothing; the four numbers of its centre form, as ssd.pytorch's
// weights expect it; width and height alone (torchvision); its corners (bubbliiiing's ssd-pytorch).
enum class Clip { None, Centres, Sizes, Corners };

// The grid of a detector's priors, all numbers from the preset. Sizes and steps in input pixels;
// `sizes` has one entry more than there are maps. SSD, section 2.2.
struct PriorGrid {
  double size = 0;
  std::vector<int64_t> maps;
  std::vector<double> steps;
  std::vector<double> sizes;
  std::vector<std::vector<double>> ratios;
  Clip clip = Clip::Centres;
};

// [P, 4] float32 in centre form: cells row by row; of a cell the square s_k, the square
// sqrt(s_k s_{k+1}), then for each ratio the wide and the tall one.
at::Tensor prior_boxes(const PriorGrid& grid);

}  // namespace ssd
