#pragma once

#include <c10/core/ScalarType.h>

#include <span>

#include "data/pictures.h"
#include "data/pixel.h"

namespace ssd {

// What a training picture is for a network.
struct Frame {
  int32_t side = 300;
  Normalisation normalisation;
  at::ScalarType dtype = at::kFloat;  // or bfloat16
};

// A layer over a picture whose pixels are at `pixels`, in the memory of whoever reads them.
Record record(const Layer& layer, const Picture& picture, const uint8_t* pixels);

// Composes a training picture in one pass: every layer is distorted in its colours, resampled and
// laid over what is there; the result normalised: out[side][side][3] of the frame's dtype. Row by
// row, so that what is worked on stays in the nearest cache.
void resample(std::span<const Record> layers, const Frame& frame, void* out);

// The same with layers and their pictures, as many.
void resample(std::span<const Layer> layers, std::span<const Picture> pictures, const Frame& frame,
              void* out);

}  // namespace ssd
