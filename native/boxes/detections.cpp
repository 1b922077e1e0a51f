#include "boxes/detections.h"

#include <ATen/ops/softmax.h>

#include "boxes/detect.h"
#include "core/check.h"

namespace ssd {

namespace {

// The rows of one picture, six numbers each (see Found).
Detections unpack(const float* row, int32_t count) {
  Detections out;
  for (int32_t i = 0; i < count; ++i, row += 6) {
    out.boxes.insert(out.boxes.end(), row, row + 4);
    out.scores.push_back(row[4]);
    out.labels.push_back(static_cast<int32_t>(row[5]));
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
  const auto boxes = decode(loc, priors, options.variances, options.coder_clip);
  const auto found =
      detect(boxes, at::softmax(conf, -1),
             {options.min_score, options.iou, options.top_k, options.max_detections});
  // The only wait for a GPU.
  const auto rows = found.rows.cpu(), counts = found.counts.cpu();
  std::vector<Detections> out;
  for (int64_t i = 0; i < rows.size(0); ++i) {
    out.push_back(unpack(rows.const_data_ptr<float>() + i * rows.size(1) * 6,
                         counts.const_data_ptr<int32_t>()[i]));
  }
  return out;
}

}  // namespace ssd
