#pragma once

#include <ATen/core/Tensor.h>

#include "models/activation.h"

namespace ssd {

// The tensors of a BatchNorm over C channels, each [C] float32.
struct Norm {
  at::Tensor weight, bias, running_mean, running_var;
  double momentum = 0.1, eps = 1e-5;
};

// BatchNorm and what follows it as one operation, under autograd: [B, C, H, W] to the same,
// channels last; float32 or bfloat16, float16 on CUDA, others by way of float32. `training` takes
// the statistics of the batch and moves the running ones, the variance unbiased. Only the input is
// kept for the gradient, the mask made again from it.
//
// As at::batch_norm and the activation after it, but for a batch with one value a channel, whose
// unbiased variance is 0 here and not a number there.
at::Tensor norm_act(const at::Tensor& x, const Norm& norm, const Activation& activation,
                    bool training);

}  // namespace ssd
