#include "boxes/nms.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <limits>

#include "core/check.h"

namespace ssd {

namespace {

// As jaccard of box.h, of boxes i and j.
bool overlaps(std::span<const float> boxes, int32_t i, int32_t j, float iou) {
  const float* a = &boxes[static_cast<size_t>(i) * 4];
  const float* b = &boxes[static_cast<size_t>(j) * 4];
  const float width = std::min(a[2], b[2]) - std::max(a[0], b[0]);
  const float height = std::min(a[3], b[3]) - std::max(a[1], b[1]);
  if (width <= 0 || height <= 0) return false;
  const float inter = width * height;
  const float both = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]);
  return inter / (both - inter) > iou;
}

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
  std::vector<int32_t> kept;
  for (const int32_t candidate : order) {
    if (kept.size() >= limit) break;
    const bool clear = std::none_of(kept.begin(), kept.end(), [&](int32_t other) {
      return overlaps(boxes, candidate, other, iou);
    });
    if (clear) kept.push_back(candidate);
  }
  return kept;
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
