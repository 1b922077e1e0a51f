#include "models/norm_rows.h"

#include <algorithm>

#include "core/bf16.h"
#include "core/portable.h"

namespace ssd {

namespace {

using BFloat16 = c10::BFloat16;

// The loops once, for both types and inlined into each function that has clones.
#define SSD_INLINE inline __attribute__((always_inline))

// Every loop goes down the rows a stretch of channels at a time, so that what is kept of the
// channels stays in the first cache.
constexpr int64_t kStretch = 256;

// Four rows a turn: the sums are read and written a fourth as often.
template <class T>
SSD_INLINE void moments(const T* __restrict x, int64_t rows, int64_t channels, int64_t from,
                        int64_t to, float* __restrict sum, float* __restrict square) {
  int64_t r = 0;
  for (; r + 4 <= rows; r += 4) {
    const T* const at = x + r * channels;
    for (int64_t c = from; c < to; ++c) {
      const float first = widen(x[c]);
      const float a = widen(at[c]) - first, b = widen(at[channels + c]) - first;
      const float d = widen(at[2 * channels + c]) - first, e = widen(at[3 * channels + c]) - first;
      sum[c] += (a + b) + (d + e);
      square[c] += (a * a + b * b) + (d * d + e * e);
    }
  }
  for (; r < rows; ++r) {
    for (int64_t c = from; c < to; ++c) {
      const float d = widen(x[r * channels + c]) - widen(x[c]);
      sum[c] += d;
      square[c] += d * d;
    }
  }
  const float count = static_cast<float>(rows);
  for (int64_t c = from; c < to; ++c) {
    const float shift = sum[c] / count;
    square[c] = std::max(square[c] - sum[c] * shift, 0.0F);
    sum[c] = widen(x[c]) + shift;
  }
}

template <class T>
SSD_INLINE void forward(const T* __restrict x, int64_t rows, int64_t channels, int64_t from,
                        int64_t to, Affine affine, Activation act, T* __restrict y) {
  const float* const __restrict scale = affine.scale;
  const float* const __restrict shift = affine.shift;
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t c = from; c < to; ++c) {
      const float z = widen(x[r * channels + c]) * scale[c] + shift[c];
      y[r * channels + c] = narrow<T>(activate(act, z));
    }
  }
}

template <class T>
SSD_INLINE void sums(const T* __restrict dy, const T* __restrict x, int64_t rows, int64_t channels,
                     int64_t from, int64_t to, Affine affine, const float* __restrict mean,
                     Activation act, float* __restrict sum, float* __restrict product) {
  const float* const __restrict scale = affine.scale;
  const float* const __restrict shift = affine.shift;
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t c = from; c < to; ++c) {
      const float value = widen(x[r * channels + c]);
      const float dz =
          activate_backward(act, value * scale[c] + shift[c], widen(dy[r * channels + c]));
      sum[c] += dz;
      product[c] += dz * (value - mean[c]);
    }
  }
}

template <class T>
SSD_INLINE void backward(const T* dy, const T* __restrict x, int64_t rows, int64_t channels,
                         int64_t from, int64_t to, Affine affine, Activation act,
                         Correction correction, T* dx) {
  const float* const __restrict scale = affine.scale;
  const float* const __restrict shift = affine.shift;
  const float* const __restrict mean = correction.mean;
  const float* const __restrict by_x = correction.by_x;
  const float* const __restrict by_one = correction.by_one;
  for (int64_t r = 0; r < rows; ++r) {
    // dx may be dy: each element is read before it is written, and no other.
#pragma GCC ivdep
    for (int64_t c = from; c < to; ++c) {
      const float value = widen(x[r * channels + c]);
      const float dz =
          activate_backward(act, value * scale[c] + shift[c], widen(dy[r * channels + c]));
      dx[r * channels + c] = narrow<T>(scale[c] * dz - (value - mean[c]) * by_x[c] - by_one[c]);
    }
  }
}

}  // namespace

// A template's instance takes no clones unless it is written out: each function, for both types.
#define SSD_NORM_ROWS(T)                                                                         \
  template <>                                                                                    \
  SSD_VECTOR_CLONES void block_moments(const T* x, int64_t rows, int64_t channels, float* mean,  \
                                       float* square) {                                          \
    std::fill_n(mean, channels, 0.0F);                                                           \
    std::fill_n(square, channels, 0.0F);                                                         \
    for (int64_t c = 0; c < channels; c += kStretch) {                                           \
      moments(x, rows, channels, c, std::min(channels, c + kStretch), mean, square);             \
    }                                                                                            \
  }                                                                                              \
  template <>                                                                                    \
  SSD_VECTOR_CLONES void block_forward(const T* x, int64_t rows, int64_t channels,               \
                                       const Affine& affine, const Activation& act, T* y) {      \
    for (int64_t c = 0; c < channels; c += kStretch) {                                           \
      forward(x, rows, channels, c, std::min(channels, c + kStretch), affine, act, y);           \
    }                                                                                            \
  }                                                                                              \
  template <>                                                                                    \
  SSD_VECTOR_CLONES void block_sums(const T* dy, const T* x, int64_t rows, int64_t channels,     \
                                    const Affine& affine, const float* mean,                     \
                                    const Activation& act, float* sum, float* product) {         \
    std::fill_n(sum, channels, 0.0F);                                                            \
    std::fill_n(product, channels, 0.0F);                                                        \
    for (int64_t c = 0; c < channels; c += kStretch) {                                           \
      sums(dy, x, rows, channels, c, std::min(channels, c + kStretch), affine, mean, act, sum,   \
           product);                                                                             \
    }                                                                                            \
  }                                                                                              \
  template <>                                                                                    \
  SSD_VECTOR_CLONES void block_backward(const T* dy, const T* x, int64_t rows, int64_t channels, \
                                        const Affine& affine, const Activation& act,             \
                                        const Correction& correction, T* dx) {                   \
    for (int64_t c = 0; c < channels; c += kStretch) {                                           \
      backward(dy, x, rows, channels, c, std::min(channels, c + kStretch), affine, act,          \
               correction, dx);                                                                  \
    }                                                                                            \
  }

SSD_NORM_ROWS(float)
SSD_NORM_ROWS(BFloat16)

}  // namespace ssd
