#include "train/batch.h"

#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>

#include <algorithm>

namespace ssd {

Targets pad(const std::vector<Truths>& pictures) {
  size_t longest = 1;
  for (const auto& picture : pictures) longest = std::max(longest, picture.labels.size());
  const auto batch = static_cast<int64_t>(pictures.size());
  const auto width = static_cast<int64_t>(longest);
  Targets out{at::zeros({batch, width, 4}, at::kFloat), at::full({batch, width}, -1, at::kLong)};
  for (size_t i = 0; i < pictures.size(); ++i) {
    const auto& [boxes, labels] = pictures[i];
    std::copy(boxes.begin(), boxes.end(), out.boxes.data_ptr<float>() + i * longest * 4);
    std::copy(labels.begin(), labels.end(), out.labels.data_ptr<int64_t>() + i * longest);
  }
  return out;
}

bool widen(Targets& targets, int64_t width) {
  const auto missing = width - targets.labels.size(1);
  if (missing < 0) return false;
  if (missing == 0) return true;
  targets.boxes = at::constant_pad_nd(targets.boxes, {0, 0, 0, missing});
  targets.labels = at::constant_pad_nd(targets.labels, {0, missing}, -1);
  return true;
}

Inputs on_device(const Batch& batch, at::Device device) {
  const auto moved = [&](const at::Tensor& tensor) {
    if (tensor.device() == device) return tensor;
    return (tensor.is_cpu() ? tensor.pin_memory() : tensor).to(device, tensor.scalar_type(), true);
  };
  const auto& [boxes, labels] = batch.targets;
  return {moved(batch.images), {moved(boxes), moved(labels)}};
}

}  // namespace ssd
