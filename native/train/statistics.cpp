#include "train/statistics.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>

#include <map>

namespace ssd {

namespace {

constexpr int64_t kBytes = 64;  // of a vector load or a line of the cache

}  // namespace

Statistics::Statistics(const std::vector<Parameter>& parameters) {
  const at::NoGradGuard guard;
  std::map<at::ScalarType, std::vector<at::Tensor>> buffers;
  for (const auto& parameter : parameters) {
    if (parameter.buffer) buffers[parameter.value.scalar_type()].push_back(parameter.value);
  }
  for (auto& [type, tensors] : buffers) {
    const auto step = kBytes / static_cast<int64_t>(c10::elementSize(type));
    const auto room = [&](const at::Tensor& t) { return (t.numel() + step - 1) / step * step; };
    int64_t size = 0;
    for (const auto& tensor : tensors) size += room(tensor);
    auto values = at::zeros({size}, tensors.front().options());
    int64_t at = 0;
    for (auto& tensor : tensors) {
      const auto place = values.narrow(0, at, tensor.numel()).view(tensor.sizes());
      place.copy_(tensor);
      tensor.set_data(place);
      at += room(tensor);
    }
    kept_.push_back({values, values.clone()});
  }
}

void Statistics::keep() {
  const at::NoGradGuard guard;
  for (auto& [values, copies] : kept_) copies.copy_(values);
}

void Statistics::restore() {
  const at::NoGradGuard guard;
  for (auto& [values, copies] : kept_) values.copy_(copies);
}

void Statistics::restore_if(const at::Tensor& found) {
  const at::NoGradGuard guard;
  for (auto& [values, copies] : kept_) values.copy_(at::where(found.to(at::kBool), copies, values));
}

}  // namespace ssd
