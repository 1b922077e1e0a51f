#include "data/source_rows.h"

#include <algorithm>
#include <cstring>

namespace ssd {

namespace {

// u8 RGB to three planes of float, distorted.
SSD_VECTOR_CLONES void distort_row(const uint8_t* __restrict rgb, int32_t count,
                                   const Distortion& distortion, float* __restrict r,
                                   float* __restrict g, float* __restrict b) {
  const Distortion d = distortion;
  for (int32_t i = 0; i < count; ++i) {
    r[i] = rgb[3 * i];
    g[i] = rgb[3 * i + 1];
    b[i] = rgb[3 * i + 2];
  }
  for (int32_t i = 0; i < count; ++i) distort(d, r[i], g[i], b[i]);
}

constexpr int32_t kRowsAhead = 4;

// Three planes to pixels, four at a time.
SSD_VECTOR_CLONES void interleave(const float* r, const float* g, const float* b, int32_t count,
                                  Pixel* out) {
  using Order = int32_t __attribute__((vector_size(16)));
  const auto load = [](const float* at) {
    Pixel four;
    std::memcpy(&four, at, sizeof(four));
    return four;
  };
  constexpr Order kLow{0, 4, 1, 5}, kHigh{2, 6, 3, 7}, kFirst{0, 1, 4, 5}, kSecond{2, 3, 6, 7};
  int32_t i = 0;
  for (; i + 4 <= count; i += 4) {
    const Pixel red = load(r + i), green = load(g + i), blue = load(b + i), none{};
    const Pixel low = __builtin_shuffle(red, green, kLow),
                high = __builtin_shuffle(red, green, kHigh);
    const Pixel blue_low = __builtin_shuffle(blue, none, kLow);
    const Pixel blue_high = __builtin_shuffle(blue, none, kHigh);
    out[i] = __builtin_shuffle(low, blue_low, kFirst);
    out[i + 1] = __builtin_shuffle(low, blue_low, kSecond);
    out[i + 2] = __builtin_shuffle(high, blue_high, kFirst);
    out[i + 3] = __builtin_shuffle(high, blue_high, kSecond);
  }
  for (; i < count; ++i) out[i] = Pixel{r[i], g[i], b[i], 0};
}

// A row resampled across: each output pixel lies between two of the line's.
SSD_VECTOR_CLONES void resample_across(const Pixel* __restrict line, const Taps& taps,
                                       Pixel* __restrict out) {
  const size_t count = taps.weight.size();
  const auto* const low = taps.low.data();
  const auto* const high = taps.high.data();
  const auto* const weight = taps.weight.data();
  for (size_t i = 0; i < count; ++i) {
    const Pixel left = line[low[i]], right = line[high[i]];
    out[i] = left + weight[i] * (right - left);
  }
}

// out = a + weight * (b - a), or as much of it as `opacity` over what is there.
SSD_VECTOR_CLONES void mix(const float* __restrict a, const float* __restrict b, float weight,
                           size_t count, float* __restrict out) {
  for (size_t i = 0; i < count; ++i) out[i] = a[i] + weight * (b[i] - a[i]);
}

SSD_VECTOR_CLONES void mix_over(const float* __restrict a, const float* __restrict b, float weight,
                                float opacity, size_t count, float* __restrict out) {
  for (size_t i = 0; i < count; ++i) {
    out[i] += opacity * (a[i] + weight * (b[i] - a[i]) - out[i]);
  }
}

}  // namespace

SourceRows::SourceRows(const Record& layer, const Normalisation& normalisation)
    : layer_(layer), mean_{normalisation.mean[0], normalisation.mean[1], normalisation.mean[2], 0} {
  const auto& view = layer_.view;
  const auto& region = layer_.region;
  const auto columns = static_cast<size_t>(region.width);
  taps_.low.resize(columns);
  taps_.high.resize(columns);
  taps_.weight.resize(columns);
  int32_t end = 0;
  first_ = layer.width;
  for (size_t i = 0; i < columns; ++i) {
    const auto at = tap(view.left, view.width, region.width, static_cast<int32_t>(i), view.mirror);
    taps_.low[i] = at.low;
    taps_.high[i] = at.high;
    taps_.weight[i] = at.weight;
    first_ = std::min(first_, std::max(at.low, 0));
    end = std::max(end, std::min(at.high + 1, layer.width));
  }
  columns_ = std::max(end - first_, 0);
  const auto place = [&](int32_t column) {
    return column < 0 || column >= layer.width ? 0 : column - first_ + 1;
  };
  for (auto* taps : {&taps_.low, &taps_.high}) {
    std::transform(taps->begin(), taps->end(), taps->begin(), place);
  }
  planes_.resize(static_cast<size_t>(columns_) * 3);
  line_.resize(static_cast<size_t>(columns_) + 1);
  line_[0] = mean_;
  for (auto& kept : kept_) kept.pixels.resize(columns);
}

bool SourceRows::covers(int32_t y, int32_t side) const {
  const auto& region = layer_.region;
  const bool in_rows = y >= region.top && y < region.top + region.height;
  return layer_.opacity == 1 && in_rows && region.left == 0 && region.width == side;
}

void SourceRows::lay(int32_t y, Pixel* row) {
  const auto at = tap(layer_.view.top, layer_.view.height, layer_.region.height, y, false);
  // Numbers, not pixels: wider vectors than a pixel's four lanes.
  const auto* const upper = reinterpret_cast<const float*>(across(at.low));
  const auto* const lower = reinterpret_cast<const float*>(across(at.high));
  auto* const out = reinterpret_cast<float*>(row + layer_.region.left);
  const auto count = static_cast<size_t>(layer_.region.width) * 4;
  if (layer_.opacity == 1) {
    mix(upper, lower, at.weight, count, out);
  } else {
    mix_over(upper, lower, at.weight, layer_.opacity, count, out);
  }
}

// Rows are asked for in pairs that go down the picture: the upper one of a pair was the lower one
// of the last, or is new. The older of the two that are kept makes room.
const Pixel* SourceRows::across(int32_t row) {
  if (row < 0 || row >= layer_.height) row = -1;
  for (const auto& kept : kept_) {
    if (kept.row == row) return kept.pixels.data();
  }
  auto& kept = kept_[0].row <= kept_[1].row ? kept_[0] : kept_[1];
  kept.row = row;
  if (row < 0) {
    std::fill(kept.pixels.begin(), kept.pixels.end(), mean_);
    return kept.pixels.data();
  }
  load(row);
  resample_across(line_.data(), taps_, kept.pixels.data());
  return kept.pixels.data();
}

void SourceRows::load(int32_t row) {
  const auto count = static_cast<size_t>(columns_);
  float* const planes[3] = {planes_.data(), planes_.data() + count, planes_.data() + 2 * count};
  const auto start =
      static_cast<size_t>(row) * static_cast<size_t>(layer_.width) + static_cast<size_t>(first_);
  // The rows of a picture lie too far apart for the processor to guess where the next one begins.
  if (row + kRowsAhead < layer_.height) {
    const auto* const ahead =
        layer_.pixels + (start + kRowsAhead * static_cast<size_t>(layer_.width)) * 3;
    for (size_t at = 0; at < count * 3; at += 64) __builtin_prefetch(ahead + at);
  }
  distort_row(layer_.pixels + start * 3, columns_, layer_.distortion, planes[0], planes[1],
              planes[2]);
  const auto& from = layer_.distortion.channels;
  interleave(planes[from[0]], planes[from[1]], planes[from[2]], columns_, line_.data() + 1);
}

}  // namespace ssd
