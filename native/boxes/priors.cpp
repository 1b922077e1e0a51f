#include "boxes/priors.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "core/error.h"

namespace ssd {

namespace {

void check(const PriorGrid& grid) {
  const auto maps = grid.maps.size();
  if (grid.size > 0 && maps > 0 && grid.steps.size() == maps && grid.ratios.size() == maps &&
      grid.sizes.size() == maps + 1) {
    return;
  }
  throw Error(Code::BadOption,
              "prior grid: expected as many steps and ratios as maps and one size more, got " +
                  std::to_string(maps) + " maps, " + std::to_string(grid.steps.size()) +
                  " steps, " + std::to_string(grid.ratios.size()) + " ratios, " +
                  std::to_string(grid.sizes.size()) + " sizes");
}

using Prior = std::array<double, 4>;  // centre form

Prior clipped(const Prior& prior, Clip clip) {
  const auto unit = [](double value) { return std::clamp(value, 0.0, 1.0); };
  const auto [x, y, width, height] = prior;
  switch (clip) {
    case Clip::None:
      return prior;
    case Clip::Centres:
      return {unit(x), unit(y), unit(width), unit(height)};
    case Clip::Sizes:
      return {x, y, unit(width), unit(height)};
    case Clip::Corners: {
      const double left = unit(x - width / 2), right = unit(x + width / 2);
      const double top = unit(y - height / 2), bottom = unit(y + height / 2);
      return {(left + right) / 2, (top + bottom) / 2, right - left, bottom - top};
    }
  }
  return prior;
}

// Width and height of the priors of map k's cells, relative to the input.
std::vector<std::array<double, 2>> shapes_of(const PriorGrid& grid, size_t k) {
  const double small = grid.sizes[k] / grid.size;
  const double large = std::sqrt(small * (grid.sizes[k + 1] / grid.size));
  std::vector<std::array<double, 2>> shapes{{small, small}, {large, large}};
  for (const double ratio : grid.ratios[k]) {
    const double root = std::sqrt(ratio);
    shapes.push_back({small * root, small / root});
    shapes.push_back({small / root, small * root});
  }
  return shapes;
}

}  // namespace

at::Tensor prior_boxes(const PriorGrid& grid) {
  check(grid);
  std::vector<float> out;
  for (size_t k = 0; k < grid.maps.size(); ++k) {
    const auto shapes = shapes_of(grid, k);
    const double cell = grid.steps[k] / grid.size;
    for (int64_t y = 0; y < grid.maps[k]; ++y) {
      for (int64_t x = 0; x < grid.maps[k]; ++x) {
        const double centre_x = (static_cast<double>(x) + 0.5) * cell;
        const double centre_y = (static_cast<double>(y) + 0.5) * cell;
        for (const auto& [width, height] : shapes) {
          for (const double value : clipped({centre_x, centre_y, width, height}, grid.clip)) {
            out.push_back(static_cast<float>(value));
          }
        }
      }
    }
  }
  auto priors = at::empty({static_cast<int64_t>(out.size() / 4), 4}, at::kFloat);
  std::copy(out.begin(), out.end(), priors.data_ptr<float>());
  return priors;
}

}  // namespace ssd
