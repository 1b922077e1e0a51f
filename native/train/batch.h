#pragma once

#include <cstdint>
#include <vector>

#include "data/layer.h"
#include "matching/matcher.h"

namespace ssd {

// What a step consumes: images [B, 3, S, S] normalised, padded truths, which pictures they are, and
// what they were made of.
struct Batch {
  at::Tensor images;
  Targets targets;
  std::vector<int32_t> indices;
  std::vector<std::vector<Layer>> layers;
};

// One picture's truths: corners relative to it, 4 numbers each, and 0-based labels.
struct Truths {
  std::vector<float> boxes;
  std::vector<int64_t> labels;
};

// Padded to the longest, at least one truth wide.
Targets pad(const std::vector<Truths>& pictures);

// Pads further, to `width` truths. False when there are more, and nothing changes.
bool widen(Targets& targets, int64_t width);

// What of a batch is computed with.
struct Inputs {
  at::Tensor images;
  Targets targets;
};

// A batch on a device, on its way through pinned memory where it comes from the host: queued, not
// waited for.
Inputs on_device(const Batch& batch, at::Device device);

}  // namespace ssd
