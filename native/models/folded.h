#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "models/graph.h"
#include "models/layers.h"

namespace ssd {

// A convolution for inference alone: the BatchNorm after it is in its numbers.
struct Folded {
  at::Tensor weight;  // undefined until it is made
  at::Tensor bias;    // undefined when there is none
};

// weight * s and (bias - mean) * s + shift, s = scale / sqrt(variance + eps), in `type`. `norm` may
// be null; `parameters` and `norm_parameters` are those of make_parameters.
Folded fold(const Node& conv, const Parameter* parameters, const Node* norm,
            const Parameter* norm_parameters, at::ScalarType type);

// Runs it with the activation after it, if any, in one operation where the device has one and in
// place otherwise. Not under autograd.
at::Tensor apply_folded(const Node& conv, const Folded& folded, const Node* activation,
                        const at::Tensor& input);

}  // namespace ssd
