#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <optional>

namespace ssd {

using Variances = std::array<double, 2>;

// Offsets of matched truths (corners, [..., P, 4]) from the priors (centres, [P, 4]):
// ((centre_gt - centre_p) / (v0 * wh_p), ln(wh_gt / wh_p) / v1). SSD, section 2.2.
at::Tensor encode(const at::Tensor& matched, const at::Tensor& priors, const Variances& variances);

// Its inverse: corners [..., P, 4] from offsets. `clip` bounds ln(wh / wh_p) from above, so that no
// side grows without limit (torchvision's models: ln(1000 / 16)).
at::Tensor decode(const at::Tensor& loc, const at::Tensor& priors, const Variances& variances,
                  std::optional<double> clip = {});

}  // namespace ssd
