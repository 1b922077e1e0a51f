#include "reference/detections.h"

#include <ATen/ops/softmax.h>

#include <algorithm>
#include <span>

#include "boxes/nms.h"

namespace ssd::reference {

namespace {

using Boxes = std::span<const float>;  // four numbers each

struct Candidate {
  int32_t prior;
  int32_t label;
  float score;
};

bool cover(Boxes boxes, int32_t i, int32_t j, float iou) {
  const float* a = &boxes[static_cast<size_t>(i) * 4];
  const float* b = &boxes[static_cast<size_t>(j) * 4];
  const float width = std::min(a[2], b[2]) - std::max(a[0], b[0]);
  const float height = std::min(a[3], b[3]) - std::max(a[1], b[1]);
  if (width <= 0 || height <= 0) return false;
  const float inter = width * height;
  const float both = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]);
  return inter / (both - inter) > iou;
}

std::vector<int32_t> left(Boxes boxes, const std::vector<int32_t>& order, float iou, size_t limit) {
  std::vector<int32_t> kept;
  for (const int32_t candidate : order) {
    if (kept.size() >= limit) break;
    const auto covers = [&](int32_t other) { return cover(boxes, candidate, other, iou); };
    if (std::none_of(kept.begin(), kept.end(), covers)) kept.push_back(candidate);
  }
  return kept;
}

// scores [C*P] class by class with the background first.
Detections pick(Boxes boxes, std::span<const float> scores, const DetectOptions& options) {
  const size_t priors = boxes.size() / 4, most = static_cast<size_t>(options.max_detections);
  std::vector<Candidate> found;
  for (size_t c = 1; c < scores.size() / priors; ++c) {
    const auto of_class = scores.subspan(c * priors, priors);
    auto order = rank(of_class, static_cast<float>(options.min_score));
    order.resize(std::min(order.size(), static_cast<size_t>(options.top_k)));
    for (const int32_t prior : left(boxes, order, static_cast<float>(options.iou), most)) {
      found.push_back({prior, static_cast<int32_t>(c) - 1, of_class[static_cast<size_t>(prior)]});
    }
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const Candidate& a, const Candidate& b) { return a.score > b.score; });
  found.resize(std::min(found.size(), most));
  Detections out;
  for (const auto& [prior, label, score] : found) {
    for (const float value : boxes.subspan(static_cast<size_t>(prior) * 4, 4)) {
      out.boxes.push_back(std::clamp(value, 0.0F, 1.0F));
    }
    out.labels.push_back(label);
    out.scores.push_back(score);
  }
  return out;
}

}  // namespace

std::vector<Detections> detections(const at::Tensor& loc, const at::Tensor& conf,
                                   const at::Tensor& priors, const DetectOptions& options) {
  const auto boxes =
      decode(loc, priors, options.variances, options.coder_clip).to(at::kFloat).contiguous();
  const auto scores = at::softmax(conf, -1).transpose(1, 2).to(at::kFloat).contiguous();
  std::vector<Detections> out;
  for (int64_t i = 0; i < boxes.size(0); ++i) {
    const auto of = [i](const at::Tensor& tensor) {
      const auto row = tensor.select(0, i);
      return std::span{row.const_data_ptr<float>(), static_cast<size_t>(row.numel())};
    };
    out.push_back(pick(of(boxes), of(scores), options));
  }
  return out;
}

}  // namespace ssd::reference
