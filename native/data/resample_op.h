#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "data/resample.h"

namespace ssd {

// The training pictures of a batch: of each, its layers from the lowest up.
using Composition = std::vector<std::vector<Record>>;

// All of a batch on `device`, which must be able to read what the records point at: [B, S, S, 3] of
// the frame's dtype. One kernel on CUDA, in the current stream.
at::Tensor resample(const Composition& pictures, const Frame& frame, at::Device device);

// Whether a kernel for the device is loaded: CUDA's come in a library of their own.
bool resamples_on(at::Device device);

// Records as bytes [L, sizeof(Record)] and where each picture's begin, [B + 1] int32: what the
// dispatcher carries.
struct Packed {
  at::Tensor records, first;
};
Packed pack(const Composition& pictures);

}  // namespace ssd
