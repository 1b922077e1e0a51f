#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "models/graph.h"

namespace ssd {

// Fills a convolution's weight [O, I, K, K]: Kaiming normal by fan out (He et al. 2015), Xavier
// uniform (Glorot and Bengio 2010), or the normal of deviation 0.03 that SSDLite's predictors start
// from (Sandler et al. 2018). The numbers depend on (seed, name) alone.
void initialize(at::Tensor& weight, Init init, uint64_t seed, const std::string& name);

}  // namespace ssd
