#include "train/scaler.h"

#include <ATen/ops/_amp_foreach_non_finite_check_and_unscale.h>
#include <ATen/ops/_amp_update_scale.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>

namespace ssd {

Scaler::Scaler(ScalerOptions options, at::Device device)
    : options_(options),
      scale_(at::full({}, options.start, at::TensorOptions(at::kFloat).device(device))),
      good_steps_(at::zeros({}, at::TensorOptions(at::kInt).device(device))) {}

at::Tensor Scaler::unscale(const std::vector<at::Tensor>& grads) const {
  auto found = at::zeros({1}, scale_.options());
  // In double as GradScaler does: a reciprocal in float32 may be no normal number.
  const auto inverse = scale_.to(at::kDouble).reciprocal().to(at::kFloat);
  if (!grads.empty()) at::_amp_foreach_non_finite_check_and_unscale_(grads, found, inverse);
  return found;
}

void Scaler::update(const at::Tensor& found) {
  at::_amp_update_scale_(scale_, good_steps_, found, options_.growth, options_.backoff,
                         options_.interval);
}

std::map<std::string, at::Tensor> Scaler::state() const {
  return {{"scale", scale_}, {"good_steps", good_steps_}};
}

}  // namespace ssd
