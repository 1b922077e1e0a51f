#pragma once

#include <ATen/core/Tensor.h>

namespace ssd {

// How suppression goes on, per class.
struct DetectRules {
  double min_score;
  double iou;
  int64_t top_k;           // candidates of a class
  int64_t max_detections;  // of a class, then of the picture
};

// What is left of every picture, best score first; equal scores by the lower class, then by the
// lower prior.
struct Found {
  at::Tensor rows;    // [B, M, 6] float32: corners held to 0..1, score, label (0-based foreground)
  at::Tensor counts;  // [B] int32: how many of the M rows count
};

// From boxes [B, P, 4] (corners) and scores [B, P, C] (0 or more, background first), both float32,
// on the device they live on and without waiting for it. The operation ssd_distill::detect: on the
// CPU pictures and classes share the threads; on a GPU it is nms_cuda.cu, where that is loaded and
// the rules fit it, else the CPU.
Found detect(const at::Tensor& boxes, const at::Tensor& scores, const DetectRules& rules);

}  // namespace ssd
