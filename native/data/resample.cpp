#include "data/resample.h"

#include <c10/util/BFloat16.h>

#include <algorithm>
#include <cstring>

#include "data/source_rows.h"

namespace ssd {

namespace {

// Normalises a row and packs its pixels to three numbers each.
template <class T>
void write(const std::vector<Pixel>& row, const Pixel& scale, const Pixel& shift, T* out) {
  for (const auto& pixel : row) {
    const Pixel value = pixel * scale + shift;
    for (int c = 0; c < 3; ++c) *out++ = static_cast<T>(value[c]);
  }
}

using Two = float __attribute__((vector_size(32)));

// The same for floats: two pixels at once, their six numbers moved together; what is written past
// them the next two overwrite.
SSD_VECTOR_CLONES void write_two(const Pixel* row, size_t pairs, const Pixel& scale,
                                 const Pixel& shift, float* out) {
  using Order = int32_t __attribute__((vector_size(32)));
  constexpr Order kTogether{0, 1, 2, 4, 5, 6, 3, 7};
  Two by, plus;
  for (int lane = 0; lane < 8; ++lane) {
    by[lane] = scale[lane % 4];
    plus[lane] = shift[lane % 4];
  }
  for (size_t i = 0; i < pairs; ++i, out += 6) {
    Two two;
    std::memcpy(&two, row + 2 * i, sizeof(two));
    two = __builtin_shuffle(two * by + plus, kTogether);
    std::memcpy(out, &two, sizeof(two));
  }
}

template <>
void write(const std::vector<Pixel>& row, const Pixel& scale, const Pixel& shift, float* out) {
  // Not the last pixels, after which a picture or its memory ends.
  const size_t pairs = row.size() > 2 ? (row.size() - 2) / 2 : 0;
  write_two(row.data(), pairs, scale, shift, out);
  for (size_t i = pairs * 2; i < row.size(); ++i) {
    const Pixel value = row[i] * scale + shift;
    std::memcpy(out + 3 * i, &value, 3 * sizeof(float));
  }
}

template <class T>
void compose(std::vector<SourceRows>& sources, const Frame& frame, T* out) {
  const auto& [mean, deviation] = frame.normalisation;
  const Pixel ground{mean[0], mean[1], mean[2], 0};
  const Pixel scale{1 / deviation[0], 1 / deviation[1], 1 / deviation[2], 0};
  const Pixel shift = -ground * scale;
  std::vector<Pixel> row(static_cast<size_t>(frame.side));
  for (int32_t y = 0; y < frame.side; ++y, out += row.size() * 3) {
    if (sources.empty() || !sources.front().covers(y, frame.side)) {
      std::fill(row.begin(), row.end(), ground);
    }
    for (auto& source : sources) {
      const int32_t inside = y - source.region().top;
      if (inside >= 0 && inside < source.region().height) source.lay(inside, row.data());
    }
    write(row, scale, shift, out);
  }
}

}  // namespace

Record record(const Layer& layer, const Picture& picture, const uint8_t* pixels) {
  return {pixels,       picture.width, picture.height,
          layer.view,   layer.region,  layer.colour.distortion(),
          layer.opacity};
}

void resample(std::span<const Record> layers, const Frame& frame, void* out) {
  std::vector<SourceRows> sources;
  sources.reserve(layers.size());
  for (const auto& layer : layers) sources.emplace_back(layer, frame.normalisation);
  if (frame.dtype == at::kBFloat16) {
    compose(sources, frame, static_cast<c10::BFloat16*>(out));
  } else {
    compose(sources, frame, static_cast<float*>(out));
  }
}

void resample(std::span<const Layer> layers, std::span<const Picture> pictures, const Frame& frame,
              void* out) {
  std::vector<Record> records;
  for (size_t i = 0; i < layers.size(); ++i) {
    records.push_back(record(layers[i], pictures[i], pictures[i].pixels));
  }
  resample(records, frame, out);
}

}  // namespace ssd
