#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "models/graph.h"

namespace ssd {

// A tensor of the state dict. Buffers (running statistics) never train.
struct Parameter {
  std::string name;
  at::Tensor value;
  bool buffer = false;
};

// The tensors a node owns, freshly initialised, in the order of the state dict.
std::vector<Parameter> make_parameters(const Node& node, uint64_t seed);

// True for the operations that follow a BatchNorm as part of it.
bool is_activation(Op op);

// Runs a BatchNorm and, unless it is null, the activation that alone takes its result.
at::Tensor apply_norm(const Node& norm, const Node* activation, const at::Tensor& input,
                      const Parameter* parameters, bool training);

// Runs one node. `parameters` are those of make_parameters; `training` makes BatchNorm use, and
// update with, the statistics of the batch.
at::Tensor apply(const Node& node, const std::vector<at::Tensor>& inputs,
                 const Parameter* parameters, bool training);

}  // namespace ssd
