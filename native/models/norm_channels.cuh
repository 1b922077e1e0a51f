#pragma once

#include <ATen/core/Tensor.h>

#include "core/portable.h"

namespace ssd {

// The numbers a channel of norm_act has on the device, and what is computed of them.

struct Channels {
  const float *weight, *bias, *mean, *invstd;

  Channels(const at::Tensor& weight, const at::Tensor& bias, const at::Tensor& mean,
           const at::Tensor& invstd)
      : weight(weight.const_data_ptr<float>()),
        bias(bias.const_data_ptr<float>()),
        mean(mean.const_data_ptr<float>()),
        invstd(invstd.const_data_ptr<float>()) {}

  // What goes into the activation. The same operations forward and backward: the mask is the same.
  __device__ float before(int c, float x) const {
    const float scale = weight[c] * invstd[c];
    return __fadd_rn(__fmul_rn(x, scale), bias[c] - mean[c] * scale);
  }
};

struct Statistics {
  float *mean, *invstd, *running_mean, *running_var;
  double momentum, eps;

  __device__ void take_batch(int c, double of_batch, double square, double count) const {
    const double unbiased = square / (count > 1 ? count - 1 : 1);
    mean[c] = static_cast<float>(of_batch);
    invstd[c] = static_cast<float>(1 / sqrt(square / count + eps));
    running_mean[c] = static_cast<float>((1 - momentum) * running_mean[c] + momentum * of_batch);
    running_var[c] = static_cast<float>((1 - momentum) * running_var[c] + momentum * unbiased);
  }

  __device__ void take_running(int c) const {
    mean[c] = running_mean[c];
    invstd[c] = static_cast<float>(1 / sqrt(running_var[c] + eps));
  }
};

// Of weight and bias, and what the statistics take back from that of x:
// dx = scale * dz - (x - mean) * by_x - by_one.
struct Gradients {
  float *weight, *bias, *by_x, *by_one;

  // From the sums of dz and dz * (x - mean); `count` is 0 where the statistics are not the batch's.
  __device__ void take(int c, const Channels& by, double sum, double product, double count) const {
    const double invstd = by.invstd[c], scale = by.weight[c] * invstd;
    weight[c] = static_cast<float>(product * invstd);
    bias[c] = static_cast<float>(sum);
    by_x[c] = count > 0 ? static_cast<float>(scale * invstd * invstd * product / count) : 0;
    by_one[c] = count > 0 ? static_cast<float>(scale * sum / count) : 0;
  }

  __device__ float before(int c, const Channels& by, float dz, float x) const {
    return by.weight[c] * by.invstd[c] * dz - (x - by.mean[c]) * by_x[c] - by_one[c];
  }
};

}  // namespace ssd
