#pragma once

#include <ATen/core/Tensor.h>

namespace ssd {

// x / (|x| over the channels + 1e-10) * weight (Liu et al., ParseNet), under autograd: [B, C, H, W]
// to the same, channels last; float32 or bfloat16, float16 on CUDA, others by way of float32. Only
// the input is kept for the gradient. The root's slope is infinite at 0, and infinity times nothing
// is no gradient: from where 1e-10 is all that counts it is held level.
at::Tensor l2_norm(const at::Tensor& x, const at::Tensor& weight);

}  // namespace ssd
