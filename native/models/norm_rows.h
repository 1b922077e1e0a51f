#pragma once

#include <cstdint>

#include "models/activation.h"

namespace ssd {

// What norm_act does to a block of rows [rows, C], a pixel's channels side by side, T float or
// BFloat16. All sums of a block are in float, in the order of the rows.

// For each channel the mean of the block and the sum of squares about it. Taken about the first
// row, so that a mean far from zero costs no digits.
template <class T>
void block_moments(const T* x, int64_t rows, int64_t channels, float* mean, float* square);

// A channel as x * scale + shift, scale = weight * invstd.
struct Affine {
  const float *scale, *shift;
};

template <class T>
void block_forward(const T* x, int64_t rows, int64_t channels, const Affine& affine,
                   const Activation& act, T* y);

// For each channel the sums of dz and of dz * (x - mean), dz the gradient before the activation.
template <class T>
void block_sums(const T* dy, const T* x, int64_t rows, int64_t channels, const Affine& affine,
                const float* mean, const Activation& act, float* sum, float* product);

// dx = scale * dz - (x - mean) * by_x - by_one.
struct Correction {
  const float *mean, *by_x, *by_one;
};

template <class T>
void block_backward(const T* dy, const T* x, int64_t rows, int64_t channels, const Affine& affine,
                    const Activation& act, const Correction& correction, T* dx);

}  // namespace ssd
