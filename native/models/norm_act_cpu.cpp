#include <ATen/Dispatch.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <torch/library.h>

#include <cmath>
#include <optional>
#include <tuple>
#include <vector>

#include "models/blocks.h"
#include "models/norm_rows.h"

namespace ssd {

namespace {

using at::Tensor;
using Two = std::tuple<Tensor, Tensor>;
using Three = std::tuple<Tensor, Tensor, Tensor>;
using Sums = std::vector<double>;

Activation activation(double low, double high, bool hardswish) {
  return {static_cast<float>(low), static_cast<float>(high), hardswish};
}

// Two floats a channel from every block.
class Partial {
 public:
  Partial(const Blocks& blocks, int64_t channels)
      : channels_(channels), values_(at::empty({blocks.count(), 2, channels}, at::kFloat)) {}

  float* first(int64_t block) const { return values_.data_ptr<float>() + block * 2 * channels_; }
  float* second(int64_t block) const { return first(block) + channels_; }

 private:
  int64_t channels_;
  Tensor values_;
};

// Mean and sum of squares about it over all blocks: those of the blocks, and the blocks' means
// about the whole's.
void merge(const Blocks& blocks, const Partial& partial, Sums& mean, Sums& square) {
  const auto channels = static_cast<int64_t>(mean.size());
  const auto count = [&](int64_t b) {
    return static_cast<double>(std::min(blocks.size, blocks.rows - b * blocks.size));
  };
  for (int64_t b = 0; b < blocks.count(); ++b) {
    const double share = count(b) / static_cast<double>(blocks.rows);
    const float* const part = partial.first(b);
    for (int64_t c = 0; c < channels; ++c) mean[c] += share * part[c];
  }
  for (int64_t b = 0; b < blocks.count(); ++b) {
    const double n = count(b);
    const float *const part = partial.first(b), *const about = partial.second(b);
    for (int64_t c = 0; c < channels; ++c) {
      const double off = part[c] - mean[c];
      square[c] += about[c] + n * off * off;
    }
  }
}

template <class T>
void batch_statistics(const T* x, const Blocks& blocks, double momentum, double eps, Tensor& mean,
                      Tensor& invstd, const Tensor& running_mean, const Tensor& running_var) {
  const auto channels = mean.numel();
  const Partial partial(blocks, channels);
  blocks.each([&](int64_t b, int64_t first, int64_t rows) {
    block_moments(x + first * channels, rows, channels, partial.first(b), partial.second(b));
  });
  Sums means(static_cast<size_t>(channels)), squares(means.size());
  merge(blocks, partial, means, squares);
  const auto n = static_cast<double>(blocks.rows);
  auto *const to_mean = mean.data_ptr<float>(), *const to_invstd = invstd.data_ptr<float>();
  auto* const run_mean = running_mean.data_ptr<float>();
  auto* const run_var = running_var.data_ptr<float>();
  for (size_t c = 0; c < means.size(); ++c) {
    const double unbiased = squares[c] / std::max(n - 1, 1.0);
    to_mean[c] = static_cast<float>(means[c]);
    to_invstd[c] = static_cast<float>(1 / std::sqrt(squares[c] / n + eps));
    run_mean[c] = static_cast<float>((1 - momentum) * run_mean[c] + momentum * means[c]);
    run_var[c] = static_cast<float>((1 - momentum) * run_var[c] + momentum * unbiased);
  }
}

void running_statistics(double eps, Tensor& mean, Tensor& invstd, const Tensor& running_mean,
                        const Tensor& running_var) {
  mean.copy_(running_mean);
  const auto* const variance = running_var.const_data_ptr<float>();
  auto* const to = invstd.data_ptr<float>();
  for (int64_t c = 0; c < mean.numel(); ++c) {
    to[c] = static_cast<float>(1 / std::sqrt(variance[c] + eps));
  }
}

// scale and shift of each channel, one after the other.
std::vector<float> affine(const Tensor& weight, const Tensor& bias, const Tensor& mean,
                          const Tensor& invstd) {
  const auto channels = static_cast<size_t>(mean.numel());
  std::vector<float> out(2 * channels);
  const auto *const w = weight.const_data_ptr<float>(), *const b = bias.const_data_ptr<float>();
  const auto* const centre = mean.const_data_ptr<float>();
  const auto* const inverse = invstd.const_data_ptr<float>();
  for (size_t c = 0; c < channels; ++c) {
    out[c] = w[c] * inverse[c];
    out[channels + c] = b[c] - centre[c] * out[c];
  }
  return out;
}

Affine view(const std::vector<float>& both) {
  return {both.data(), both.data() + both.size() / 2};
}

template <class F>
void by_type(const Tensor& x, F f) {
  if (x.scalar_type() == at::kBFloat16) {
    f(c10::BFloat16{});
  } else {
    f(float{});
  }
}

Blocks blocks_of(const Tensor& x) {
  return {x.size(0) * x.size(2) * x.size(3), x.size(1)};
}

Three forward(const Tensor& x, const Tensor& weight, const Tensor& bias, const Tensor& running_mean,
              const Tensor& running_var, bool training, double momentum, double eps, double low,
              double high, bool hardswish) {
  const auto channels = x.size(1);
  const auto blocks = blocks_of(x);
  const auto act = activation(low, high, hardswish);
  auto y = at::empty_like(x), mean = at::empty({channels}, at::kFloat);
  auto invstd = at::empty_like(mean);
  by_type(x, [&]<class T>(T) {
    const T* const from = x.const_data_ptr<T>();
    if (training) {
      batch_statistics(from, blocks, momentum, eps, mean, invstd, running_mean, running_var);
    } else {
      running_statistics(eps, mean, invstd, running_mean, running_var);
    }
    const auto both = affine(weight, bias, mean, invstd);
    T* const to = y.data_ptr<T>();
    blocks.each([&](int64_t, int64_t first, int64_t rows) {
      const auto at = first * channels;
      block_forward(from + at, rows, channels, view(both), act, to + at);
    });
  });
  return {y, mean, invstd};
}

// What the statistics take back from the gradient: by_x and by_one of a Correction.
std::vector<float> corrections(const std::vector<float>& both, const Sums& sum, const Sums& product,
                               const float* invstd, double count) {
  const auto channels = sum.size();
  std::vector<float> out(2 * channels, 0.0F);
  for (size_t c = 0; c < channels && count > 0; ++c) {
    const double scale = both[c], inverse = invstd[c];
    out[c] = static_cast<float>(scale * inverse * inverse * product[c] / count);
    out[channels + c] = static_cast<float>(scale * sum[c] / count);
  }
  return out;
}

Two backward(const Tensor& dy, const Tensor& x, const Tensor& weight, const Tensor& bias,
             const Tensor& mean, const Tensor& invstd, const std::optional<Tensor>& out,
             bool training, double low, double high, bool hardswish, bool needs_weight) {
  const auto channels = x.size(1);
  const auto blocks = blocks_of(x);
  const auto act = activation(low, high, hardswish);
  const auto both = affine(weight, bias, mean, invstd);
  const auto* const centre = mean.const_data_ptr<float>();
  const auto* const inverse = invstd.const_data_ptr<float>();
  Sums sum(static_cast<size_t>(channels)), product(sum.size());
  by_type(x, [&]<class T>(T) {
    const T *const from = x.const_data_ptr<T>(), *const above = dy.const_data_ptr<T>();
    if (training || needs_weight) {
      const Partial partial(blocks, channels);
      blocks.each([&](int64_t b, int64_t first, int64_t rows) {
        const auto at = first * channels;
        block_sums(above + at, from + at, rows, channels, view(both), centre, act, partial.first(b),
                   partial.second(b));
      });
      for (int64_t b = 0; b < blocks.count(); ++b) {
        const float *const one = partial.first(b), *const two = partial.second(b);
        for (size_t c = 0; c < sum.size(); ++c) {
          sum[c] += one[c];
          product[c] += two[c];
        }
      }
    }
    if (!out) return;
    const auto less =
        corrections(both, sum, product, inverse, training ? static_cast<double>(blocks.rows) : 0);
    T* const to = out->data_ptr<T>();
    blocks.each([&](int64_t, int64_t first, int64_t rows) {
      const auto at = first * channels;
      block_backward(above + at, from + at, rows, channels, view(both), act,
                     {centre, less.data(), less.data() + channels}, to + at);
    });
  });
  auto dweight = at::empty({channels}, at::kFloat), dbias = at::empty_like(dweight);
  auto *const to_weight = dweight.data_ptr<float>(), *const to_bias = dbias.data_ptr<float>();
  for (size_t c = 0; c < sum.size(); ++c) {
    to_weight[c] = static_cast<float>(product[c] * inverse[c]);
    to_bias[c] = static_cast<float>(sum[c]);
  }
  return {dweight, dbias};
}

}  // namespace

TORCH_LIBRARY_IMPL(ssd_distill, CPU, m) {
  m.impl("norm_act", &forward);
  m.impl("norm_act_backward", &backward);
}

}  // namespace ssd
