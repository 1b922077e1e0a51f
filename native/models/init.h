#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "models/graph.h"

namespace ssd {

// Fills a convolution's weight [O, I, K, K]: Kaiming normal by fan out (He et al. 2015) or Xavier
// uniform (Glorot and Bengio 2010). The numbers depend on (seed, name) alone.
void initialize(at::Tensor& weight, Init init, uint64_t seed, const std::string& name);

}  // namespace ssd
