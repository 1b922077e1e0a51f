#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "check.h"

// Small tensors from numbers and back.
at::Tensor floats(at::IntArrayRef shape, const std::vector<double>& values);
at::Tensor doubles(at::IntArrayRef shape, const std::vector<double>& values);
at::Tensor longs(at::IntArrayRef shape, const std::vector<int64_t>& values);

// Standard normal numbers in double, the same for the same seed whatever LibTorch draws elsewhere.
at::Tensor noise(at::IntArrayRef shape, uint64_t seed);

// `count` random boxes in double: corners inside the unit square, sides of 0.05 to 0.6.
at::Tensor random_boxes(int64_t count, uint64_t seed);

// Same shape, type and bits; a NaN equals itself.
bool same_bits(const at::Tensor& a, const at::Tensor& b);

namespace check {

std::vector<double> numbers(const at::Tensor& tensor);

}  // namespace check
