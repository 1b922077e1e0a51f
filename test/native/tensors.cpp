#include "tensors.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <cstring>

#include "core/random.h"

namespace {

template <class T>
at::Tensor filled(at::IntArrayRef shape, const std::vector<T>& values, at::ScalarType type) {
  auto tensor = at::empty(shape, type);
  if (tensor.numel() != static_cast<int64_t>(values.size())) {
    check::fail(__FILE__, __LINE__, "values of a tensor", std::to_string(tensor.numel()),
                std::to_string(values.size()));
  }
  std::copy(values.begin(), values.end(), tensor.data_ptr<T>());
  return tensor;
}

}  // namespace

at::Tensor doubles(at::IntArrayRef shape, const std::vector<double>& values) {
  return filled(shape, values, at::kDouble);
}

at::Tensor floats(at::IntArrayRef shape, const std::vector<double>& values) {
  return doubles(shape, values).to(at::kFloat);
}

at::Tensor longs(at::IntArrayRef shape, const std::vector<int64_t>& values) {
  return filled(shape, values, at::kLong);
}

at::Tensor noise(at::IntArrayRef shape, uint64_t seed) {
  ssd::Random random(seed, ssd::stream_of("noise"), 0);
  auto tensor = at::empty(shape, at::kDouble);
  std::generate_n(tensor.data_ptr<double>(), tensor.numel(), [&] { return random.normal(); });
  return tensor;
}

at::Tensor random_boxes(int64_t count, uint64_t seed) {
  ssd::Random random(seed, ssd::stream_of("boxes"), 0);
  std::vector<double> corners;
  for (int64_t i = 0; i < count; ++i) {
    const double width = random.uniform(0.05F, 0.6F), height = random.uniform(0.05F, 0.6F);
    const double x = random.uniform() * (1 - width), y = random.uniform() * (1 - height);
    corners.insert(corners.end(), {x, y, x + width, y + height});
  }
  return doubles({count, 4}, corners);
}

bool same_bits(const at::Tensor& a, const at::Tensor& b) {
  if (a.sizes() != b.sizes() || a.scalar_type() != b.scalar_type()) return false;
  const auto left = a.detach().contiguous(), right = b.detach().contiguous();
  // Tensors of nothing have no address, which memcmp may not be given.
  return left.numel() == 0 ||
         std::memcmp(left.const_data_ptr(), right.const_data_ptr(), left.nbytes()) == 0;
}

std::vector<double> check::numbers(const at::Tensor& tensor) {
  const auto flat = tensor.detach().to(at::kCPU, at::kDouble).contiguous();
  const auto* data = flat.const_data_ptr<double>();
  return {data, data + flat.numel()};
}
