#include "boxes/box.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/maximum.h>
#include <ATen/ops/minimum.h>

#include "core/check.h"

namespace ssd {

namespace {

at::Tensor area(const at::Tensor& corners) {
  return (corners.select(-1, 2) - corners.select(-1, 0)) *
         (corners.select(-1, 3) - corners.select(-1, 1));
}

}  // namespace

at::Tensor to_corners(const at::Tensor& centres) {
  const auto centre = centres.narrow(-1, 0, 2);
  const auto half = centres.narrow(-1, 2, 2) / 2;
  return at::cat({centre - half, centre + half}, -1);
}

at::Tensor to_centres(const at::Tensor& corners) {
  const auto low = corners.narrow(-1, 0, 2);
  const auto high = corners.narrow(-1, 2, 2);
  return at::cat({(low + high) / 2, high - low}, -1);
}

at::Tensor jaccard(const at::Tensor& a, const at::Tensor& b) {
  check_floating(a, "boxes");
  check_same_device(a, b, "boxes");
  const auto left = a.unsqueeze(-2);   // [..., A, 1, 4]
  const auto right = b.unsqueeze(-3);  // [..., 1, B, 4]
  const auto low = at::maximum(left.narrow(-1, 0, 2), right.narrow(-1, 0, 2));
  const auto high = at::minimum(left.narrow(-1, 2, 2), right.narrow(-1, 2, 2));
  const auto side = (high - low).clamp_min(0);
  const auto inter = side.select(-1, 0) * side.select(-1, 1);
  return inter / (area(a).unsqueeze(-1) + area(b).unsqueeze(-2) - inter);
}

}  // namespace ssd
