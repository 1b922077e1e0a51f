#include "boxes/coder.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>

#include "boxes/box.h"
#include "core/check.h"

namespace ssd {

namespace {

void check(const at::Tensor& boxes, const at::Tensor& priors, const char* name) {
  check_floating(boxes, name);
  check_shape(priors, {-1, 4}, "priors");
  check_same_device(boxes, priors, "boxes and priors");
  if (boxes.dim() >= 2 && boxes.size(-1) == 4 && boxes.size(-2) == priors.size(0)) return;
  throw Error(Code::BadOption, std::string("expected ") + name + " of shape [..., " +
                                   std::to_string(priors.size(0)) + ", 4], got " +
                                   show(boxes.sizes()));
}

}  // namespace

at::Tensor encode(const at::Tensor& matched, const at::Tensor& priors, const Variances& variances) {
  check(matched, priors, "matched boxes");
  const auto truth = to_centres(matched);
  const auto side = priors.narrow(-1, 2, 2);
  const auto offset = (truth.narrow(-1, 0, 2) - priors.narrow(-1, 0, 2)) / (side * variances[0]);
  const auto scale = (truth.narrow(-1, 2, 2) / side).log() / variances[1];
  return at::cat({offset, scale}, -1);
}

at::Tensor decode(const at::Tensor& loc, const at::Tensor& priors, const Variances& variances,
                  std::optional<double> clip) {
  check(loc, priors, "offsets");
  const auto side = priors.narrow(-1, 2, 2);
  const auto centre = priors.narrow(-1, 0, 2) + loc.narrow(-1, 0, 2) * variances[0] * side;
  auto scale = loc.narrow(-1, 2, 2) * variances[1];
  if (clip) scale = scale.clamp_max(*clip);
  const auto size = side * scale.exp();
  return to_corners(at::cat({centre, size}, -1));
}

}  // namespace ssd
