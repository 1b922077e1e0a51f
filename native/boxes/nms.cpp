#include "boxes/nms.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <limits>

#include "boxes/kept.h"
#include "core/check.h"

namespace ssd {

namespace {

std::span<const float> view(const at::Tensor& tensor) {
  return {tensor.const_data_ptr<float>(), static_cast<size_t>(tensor.numel())};
}

}  // namespace

std::vector<int32_t> rank(std::span<const float> scores, float least) {
  std::vector<int32_t> order;
  for (size_t i = 0; i < scores.size(); ++i) {
    if (scores[i] >= least) order.push_back(static_cast<int32_t>(i));
  }
  std::stable_sort(order.begin(), order.end(), [&](int32_t a, int32_t b) {
    return scores[static_cast<size_t>(a)] > scores[static_cast<size_t>(b)];
  });
  return order;
}

std::vector<int32_t> nms(std::span<const float> boxes, std::span<const int32_t> order, float iou,
                         size_t limit) {
  std::vector<int32_t> out;
  Kept kept;
  for (const int32_t candidate : order) {
    if (out.size() >= limit) break;
    const auto* const side = &boxes[static_cast<size_t>(candidate) * 4];
    const Corners<float> box{side[0], side[1], side[2], side[3]};
    if (kept.covers(box, iou)) continue;
    kept.add(box);
    out.push_back(candidate);
  }
  return out;
}

at::Tensor nms(const at::Tensor& boxes, const at::Tensor& scores, double iou) {
  check_shape(boxes, {-1, 4}, "boxes");
  check_shape(scores, {boxes.size(0)}, "scores");
  const auto flat = boxes.to(at::kCPU, at::kFloat).contiguous();
  const auto score = scores.to(at::kCPU, at::kFloat).contiguous();
  const auto order = rank(view(score), -std::numeric_limits<float>::infinity());
  const auto kept = nms(view(flat), order, static_cast<float>(iou), order.size());
  auto out = at::empty({static_cast<int64_t>(kept.size())}, at::kInt);
  std::copy(kept.begin(), kept.end(), out.data_ptr<int32_t>());
  return out.to(boxes.device());
}

}  // namespace ssd
