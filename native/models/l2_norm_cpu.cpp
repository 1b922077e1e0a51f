#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <torch/library.h>

#include <array>
#include <tuple>
#include <vector>

#include "core/bf16.h"
#include "models/blocks.h"
#include "models/l2_row.h"

namespace ssd {

namespace {

using at::Tensor;
using BFloat16 = c10::BFloat16;

#define SSD_INLINE inline __attribute__((always_inline))

// A sum in eight lanes, whatever the machine's vectors.
using Lanes = std::array<float, 8>;

SSD_INLINE float total(const Lanes& l) {
  return ((l[0] + l[4]) + (l[2] + l[6])) + ((l[1] + l[5]) + (l[3] + l[7]));
}

template <class F>
SSD_INLINE float sum_of(int64_t count, F value) {
  Lanes lanes{};
  int64_t c = 0;
  for (; c + 8 <= count; c += 8) {
    for (size_t i = 0; i < 8; ++i) lanes[i] += value(c + static_cast<int64_t>(i));
  }
  for (; c < count; ++c) lanes[0] += value(c);
  return total(lanes);
}

template <class T>
SSD_INLINE void forward_rows(const T* __restrict x, const float* __restrict weight, int64_t rows,
                             int64_t channels, T* __restrict y) {
  for (int64_t r = 0; r < rows; ++r, x += channels, y += channels) {
    const float square = sum_of(channels, [x](int64_t c) { return widen(x[c]) * widen(x[c]); });
    const float inverse = length_of(square).inverse;
    for (int64_t c = 0; c < channels; ++c) y[c] = narrow<T>(widen(x[c]) * inverse * weight[c]);
  }
}

// dx = g / n - x * slope * sum(g x) / n^2 with g = dy * weight and n the length with its 1e-10.
template <class T>
SSD_INLINE void backward_rows(const T* __restrict dy, const T* __restrict x,
                              const float* __restrict weight, int64_t rows, int64_t channels,
                              T* __restrict dx, float* __restrict dweight) {
  std::fill_n(dweight, channels, 0.0F);
  for (int64_t r = 0; r < rows; ++r, x += channels, dy += channels, dx += channels) {
    const float square = sum_of(channels, [x](int64_t c) { return widen(x[c]) * widen(x[c]); });
    const float along =
        sum_of(channels, [=](int64_t c) { return widen(dy[c]) * weight[c] * widen(x[c]); });
    const auto length = length_of(square);
    const float back = along * length.inverse * length.inverse * length.slope;
    for (int64_t c = 0; c < channels; ++c) {
      const float g = widen(dy[c]) * length.inverse;
      dweight[c] += g * widen(x[c]);
      dx[c] = narrow<T>(g * weight[c] - widen(x[c]) * back);
    }
  }
}

template <class T>
void block_forward(const T* x, const float* weight, int64_t rows, int64_t channels, T* y);
template <class T>
void block_backward(const T* dy, const T* x, const float* weight, int64_t rows, int64_t channels,
                    T* dx, float* dweight);

// A template's instance takes no clones unless it is written out.
#define SSD_L2_ROWS(T)                                                                           \
  template <>                                                                                    \
  SSD_VECTOR_CLONES void block_forward(const T* x, const float* weight, int64_t rows,            \
                                       int64_t channels, T* y) {                                 \
    forward_rows(x, weight, rows, channels, y);                                                  \
  }                                                                                              \
  template <>                                                                                    \
  SSD_VECTOR_CLONES void block_backward(const T* dy, const T* x, const float* weight,            \
                                        int64_t rows, int64_t channels, T* dx, float* dweight) { \
    backward_rows(dy, x, weight, rows, channels, dx, dweight);                                   \
  }
SSD_L2_ROWS(float)
SSD_L2_ROWS(BFloat16)

Blocks blocks_of(const Tensor& x) {
  return {x.size(0) * x.size(2) * x.size(3), x.size(1)};
}

template <class T>
void forward(const Tensor& x, const float* weight, Tensor& y) {
  const auto channels = x.size(1);
  const T* const from = x.const_data_ptr<T>();
  T* const to = y.data_ptr<T>();
  blocks_of(x).each([&](int64_t, int64_t first, int64_t rows) {
    block_forward(from + first * channels, weight, rows, channels, to + first * channels);
  });
}

template <class T>
void backward(const Tensor& dy, const Tensor& x, const float* weight, Tensor& dx,
              const Tensor& parts) {
  const auto channels = x.size(1);
  const T *const from = x.const_data_ptr<T>(), *const above = dy.const_data_ptr<T>();
  T* const to = dx.data_ptr<T>();
  float* const part = parts.data_ptr<float>();
  blocks_of(x).each([&](int64_t b, int64_t first, int64_t rows) {
    const auto at = first * channels;
    block_backward(above + at, from + at, weight, rows, channels, to + at, part + b * channels);
  });
}

Tensor l2_norm(const Tensor& x, const Tensor& weight) {
  auto y = at::empty_like(x);
  const auto* const w = weight.const_data_ptr<float>();
  x.scalar_type() == at::kFloat ? forward<float>(x, w, y) : forward<BFloat16>(x, w, y);
  return y;
}

std::tuple<Tensor, Tensor> l2_norm_backward(const Tensor& dy, const Tensor& x,
                                            const Tensor& weight) {
  auto dx = at::empty_like(x);
  const auto parts = at::empty({blocks_of(x).count(), x.size(1)}, at::kFloat);
  const auto* const w = weight.const_data_ptr<float>();
  x.scalar_type() == at::kFloat ? backward<float>(dy, x, w, dx, parts)
                                : backward<BFloat16>(dy, x, w, dx, parts);
  std::vector<double> sum(static_cast<size_t>(x.size(1)));
  const auto* part = parts.const_data_ptr<float>();
  for (int64_t b = 0; b < parts.size(0); ++b) {
    for (auto& value : sum) value += *part++;
  }
  auto dweight = at::empty_like(weight);
  std::copy(sum.begin(), sum.end(), dweight.data_ptr<float>());
  return {dx, dweight};
}

}  // namespace

TORCH_LIBRARY_IMPL(ssd_distill, CPU, m) {
  m.impl("l2_norm", &l2_norm);
  m.impl("l2_norm_backward", &l2_norm_backward);
}

}  // namespace ssd
