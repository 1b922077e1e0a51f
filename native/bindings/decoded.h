#pragma once

#include <ATen/core/Tensor.h>
#include <napi.h>

#include <vector>

#include "data/resample.h"

namespace ssd {

// A decoded picture of the caller, copied: JavaScript may reuse its memory.
struct Decoded {
  std::vector<uint8_t> pixels;
  int32_t width, height;

  // Without truths; valid as long as this lives.
  Picture view() const { return {pixels.data(), width, height, {}, {}, nullptr}; }
};

Decoded to_decoded(const Napi::Value& value);

// [1, 3, S, S] of the frame's dtype, channels last.
at::Tensor resampled(const Decoded& picture, const Layer& layer, const Frame& frame);

}  // namespace ssd
