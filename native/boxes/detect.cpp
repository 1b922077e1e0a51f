#include "boxes/detect.h"

#include <ATen/core/Tensor.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/library.h>

#include <algorithm>
#include <tuple>

namespace ssd {

namespace {

using Op = std::tuple<at::Tensor, at::Tensor>(const at::Tensor&, const at::Tensor&, double, double,
                                              int64_t, int64_t, int64_t);

// What the blocks of nms_cuda.cu hold in shared memory.
constexpr int64_t kGpuCandidates = 512, kGpuRows = 4096;

}  // namespace

TORCH_LIBRARY_FRAGMENT(ssd_distill, m) {
  m.def(
      "detect(Tensor boxes, Tensor scores, float min_score, float iou, int top_k, int most, int "
      "rows) -> (Tensor, Tensor)");
}

Found detect(const at::Tensor& boxes, const at::Tensor& scores, const DetectRules& rules) {
  static const auto op = c10::Dispatcher::singleton().findSchemaOrThrow("ssd_distill::detect", "");
  const int64_t top_k = std::min(rules.top_k, boxes.size(1));
  const int64_t classes = std::max<int64_t>(scores.size(2) - 1, 0);
  const int64_t rows = std::min(rules.max_detections, top_k * classes);
  const auto key = at::TensorOptions(boxes.device()).computeDispatchKey();
  const bool there = op.hasKernelForDispatchKey(key) &&
                     (boxes.is_cpu() || (top_k <= kGpuCandidates && rows <= kGpuRows));
  const auto device = there ? boxes.device() : at::Device(at::kCPU);
  auto [found, counts] = op.typed<Op>().call(
      boxes.to(device, at::kFloat).contiguous(), scores.to(device, at::kFloat).contiguous(),
      rules.min_score, rules.iou, top_k, rules.max_detections, rows);
  return {found, counts};
}

}  // namespace ssd
