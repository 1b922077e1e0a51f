#include "boxes/detections.h"

#include <ATen/ops/softmax.h>

#include <algorithm>
#include <span>

#include "boxes/nms.h"
#include "core/check.h"

namespace ssd {

namespace {

struct Candidate {
  int32_t prior;
  int32_t label;
  float score;
};

std::span<const float> row(const at::Tensor& tensor, int64_t i) {
  // Not its stride: that of an empty row is not 0.
  const int64_t count = tensor.numel() / tensor.size(0);
  return {tensor.const_data_ptr<float>() + i * count, static_cast<size_t>(count)};
}

// boxes [P*4], scores [C*P] class by class with the background first.
Detections pick(std::span<const float> boxes, std::span<const float> scores,
                const DetectOptions& options) {
  const size_t priors = boxes.size() / 4;
  if (priors == 0) return {};
  std::vector<Candidate> found;
  for (size_t c = 1; c < scores.size() / priors; ++c) {
    const auto of_class = scores.subspan(c * priors, priors);
    auto order = rank(of_class, static_cast<float>(options.min_score));
    order.resize(std::min(order.size(), static_cast<size_t>(options.top_k)));
    const auto kept = nms(boxes, order, static_cast<float>(options.iou),
                          static_cast<size_t>(options.max_detections));
    for (const int32_t prior : kept) {
      found.push_back({prior, static_cast<int32_t>(c) - 1, of_class[static_cast<size_t>(prior)]});
    }
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const Candidate& a, const Candidate& b) { return a.score > b.score; });
  found.resize(std::min(found.size(), static_cast<size_t>(options.max_detections)));
  Detections out;
  for (const auto& [prior, label, score] : found) {
    const auto box = boxes.subspan(static_cast<size_t>(prior) * 4, 4);
    for (const float value : box) out.boxes.push_back(std::clamp(value, 0.0F, 1.0F));
    out.labels.push_back(label);
    out.scores.push_back(score);
  }
  return out;
}

}  // namespace

std::vector<Detections> detections(const at::Tensor& loc, const at::Tensor& conf,
                                   const at::Tensor& priors, const DetectOptions& options) {
  check_shape(priors, {-1, 4}, "priors");
  check_shape(loc, {-1, priors.size(0), 4}, "loc");
  check_shape(conf, {loc.size(0), priors.size(0), -1}, "conf");
  check_floating(conf, "conf");
  const auto boxes = decode(loc, priors, options.variances, options.coder_clip)
                         .to(at::kCPU, at::kFloat)
                         .contiguous();
  const auto scores = at::softmax(conf, -1).transpose(1, 2).to(at::kCPU, at::kFloat).contiguous();
  std::vector<Detections> out;
  for (int64_t i = 0; i < boxes.size(0); ++i) {
    out.push_back(pick(row(boxes, i), row(scores, i), options));
  }
  return out;
}

}  // namespace ssd
