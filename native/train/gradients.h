#pragma once

#include <ATen/core/Tensor.h>

namespace ssd {

// The 2-norm over the elements of all tensors: [] float32 on their device, without a host
// transfer; not finite exactly when some element is not (or the norm has no float32). On the CPU
// the sum is made of fixed blocks in order, so that it is the same on any number of threads.
at::Tensor total_norm(at::TensorList tensors);

// What gradients are divided by so that their norm is at most `limit`, at least 1: PyTorch's
// clip_grad_norm_, its 1e-6 included.
at::Tensor clip_divisor(const at::Tensor& norm, double limit);

}  // namespace ssd
