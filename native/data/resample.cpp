#include "data/resample.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace ssd {

namespace {

// Where an output row or column comes from: two source positions and the weight of the second.
struct Tap {
  int32_t low, high;
  float weight;
  bool inside;
};

std::vector<Tap> taps(float start, float extent, int32_t side, int32_t size, bool mirror) {
  std::vector<Tap> out(static_cast<size_t>(side));
  const float scale = extent / static_cast<float>(side);
  for (int32_t i = 0; i < side; ++i) {
    const float centre = start + (static_cast<float>(i) + 0.5F) * scale;
    const float at = std::clamp(centre - 0.5F, 0.0F, static_cast<float>(size - 1));
    const auto low = static_cast<int32_t>(at);
    const bool inside = centre >= 0 && centre < static_cast<float>(size);
    out[static_cast<size_t>(mirror ? side - 1 - i : i)] = {low, std::min(low + 1, size - 1),
                                                           at - static_cast<float>(low), inside};
  }
  return out;
}

}  // namespace

void resample(const uint8_t* pixels, int32_t width, int32_t height, const View& view, int32_t side,
              const Colour* colour, const Normalisation& normalisation, float* out) {
  const auto columns = taps(view.left, view.width, side, width, view.mirror);
  const auto rows = taps(view.top, view.height, side, height, false);
  std::array<float, 3> scale{};
  for (size_t c = 0; c < 3; ++c) scale[c] = 1 / normalisation.std[c];
  for (const auto& row : rows) {
    const uint8_t* const upper =
        pixels + static_cast<size_t>(row.low) * static_cast<size_t>(width) * 3;
    const uint8_t* const lower =
        pixels + static_cast<size_t>(row.high) * static_cast<size_t>(width) * 3;
    for (const auto& column : columns) {
      if (!row.inside || !column.inside) {
        std::fill(out, out + 3, 0.0F);  // the mean, normalised
        out += 3;
        continue;
      }
      std::array<float, 3> rgb{};
      for (size_t c = 0; c < 3; ++c) {
        const size_t a = static_cast<size_t>(column.low) * 3 + c;
        const size_t b = static_cast<size_t>(column.high) * 3 + c;
        const float above =
            static_cast<float>(upper[a]) +
            column.weight * (static_cast<float>(upper[b]) - static_cast<float>(upper[a]));
        const float below =
            static_cast<float>(lower[a]) +
            column.weight * (static_cast<float>(lower[b]) - static_cast<float>(lower[a]));
        rgb[c] = above + row.weight * (below - above);
      }
      if (colour != nullptr) rgb = (*colour)(rgb);
      for (size_t c = 0; c < 3; ++c) *out++ = (rgb[c] - normalisation.mean[c]) * scale[c];
    }
  }
}

}  // namespace ssd
