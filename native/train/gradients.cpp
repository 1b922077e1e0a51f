#include "train/gradients.h"

#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/_foreach_norm.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/portable.h"

namespace ssd {

namespace {

constexpr int64_t kBlock = 8192, kLanes = 16;

struct Block {
  const float* from;
  int64_t size;
};

// In double: no square of a float32 is too large or too small for it.
SSD_VECTOR_CLONES double sum_of_squares(const float* from, int64_t size) {
  double lanes[kLanes] = {};
  int64_t i = 0;
  for (; i + kLanes <= size; i += kLanes) {
    for (int64_t k = 0; k < kLanes; ++k) {
      const double value = from[i + k];
      lanes[k] += value * value;
    }
  }
  double out = 0;
  for (; i < size; ++i) out += static_cast<double>(from[i]) * from[i];
  for (const double lane : lanes) out += lane;
  return out;
}

// Elements in the order of their memory where it has no gaps: a sum does not mind.
std::vector<at::Tensor> dense(at::TensorList tensors) {
  std::vector<at::Tensor> out;
  for (const auto& tensor : tensors) {
    const auto plain = tensor.to(at::kFloat);
    out.push_back(plain.is_non_overlapping_and_dense() ? plain : plain.contiguous());
  }
  return out;
}

at::Tensor norm_cpu(at::TensorList tensors) {
  const auto kept = dense(tensors);
  std::vector<Block> blocks;
  for (const auto& tensor : kept) {
    const auto* const data = tensor.const_data_ptr<float>();
    for (int64_t at = 0; at < tensor.numel(); at += kBlock) {
      blocks.push_back({data + at, std::min(kBlock, tensor.numel() - at)});
    }
  }
  std::vector<double> sums(blocks.size());
  at::parallel_for(0, static_cast<int64_t>(blocks.size()), 8, [&](int64_t from, int64_t to) {
    for (auto i = static_cast<size_t>(from); i < static_cast<size_t>(to); ++i) {
      sums[i] = sum_of_squares(blocks[i].from, blocks[i].size);
    }
  });
  double total = 0;
  for (const double sum : sums) total += sum;
  return at::scalar_tensor(std::sqrt(total), at::kFloat);
}

}  // namespace

at::Tensor total_norm(at::TensorList tensors) {
  if (tensors.empty()) return at::zeros({}, at::kFloat);
  if (tensors.front().is_cpu()) return norm_cpu(tensors);
  return at::linalg_vector_norm(at::stack(at::_foreach_norm(tensors, 2)), 2).to(at::kFloat);
}

at::Tensor clip_divisor(const at::Tensor& norm, double limit) {
  return ((norm + 1e-6) / limit).clamp_min(1);
}

}  // namespace ssd
