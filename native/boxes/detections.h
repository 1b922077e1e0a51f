#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "boxes/coder.h"

namespace ssd {

struct DetectOptions {
  double min_score = 0.01;
  double iou = 0.45;
  int64_t top_k = 400;
  int64_t max_detections = 200;
  Variances variances{0.1, 0.2};
  std::optional<double> coder_clip{};  // of decode
};

// What was found in one picture, best score first.
struct Detections {
  std::vector<float> boxes;     // corners relative to the picture, clipped to it, 4 a detection
  std::vector<int32_t> labels;  // 0-based foreground
  std::vector<float> scores;
};

// From raw outputs to detections, per class: softmax, threshold, the `top_k` best, suppression;
// then the `max_detections` best of all classes. loc [B,P,4], conf [B,P,C]. SSD, section 3.
std::vector<Detections> detections(const at::Tensor& loc, const at::Tensor& conf,
                                   const at::Tensor& priors, const DetectOptions& options);

}  // namespace ssd
