#include "train/ema.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/_foreach_add.h>
#include <ATen/ops/_foreach_copy.h>
#include <ATen/ops/_foreach_lerp.h>
#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/_foreach_sub.h>
#include <ATen/ops/exp.h>
#include <ATen/ops/zeros.h>

#include <cmath>

namespace ssd {

namespace {

using Tensors = std::vector<at::Tensor>;

// ATen's own refuses empty lists.
void copy(const Tensors& to, const Tensors& from) {
  if (!to.empty()) at::_foreach_copy_(to, from);
}

Tensors clones(const Tensors& tensors) {
  Tensors out;
  for (const auto& tensor : tensors) out.push_back(tensor.detach().clone());
  return out;
}

}  // namespace

Ema::Ema(EmaOptions options, const std::vector<Parameter>& parameters, bool guarded)
    : options_(options), steps_(at::zeros({}, at::kLong)) {
  if (guarded) steps_ = steps_.to(parameters.front().value.device());
  for (const auto& [name, value, buffer] : parameters) {
    auto& group = value.is_floating_point() ? floating_ : integer_;
    group.names.push_back(name);
    group.values.push_back(value);
  }
  for (auto* group : {&floating_, &integer_}) group->averages = clones(group->values);
}

void Ema::update() {
  const at::NoGradGuard guard;
  const auto n = static_cast<double>(++*steps_.data_ptr<int64_t>());
  const double grown = options_.warmup > 0 ? 1 - std::exp(-n / options_.warmup) : 1;
  if (!floating_.values.empty()) {
    at::_foreach_lerp_(floating_.averages, floating_.values, 1 - options_.decay * grown);
  }
  copy(integer_.averages, integer_.values);
}

void Ema::update(const at::Tensor& found) {
  const at::NoGradGuard guard;
  const auto happens = (1 - found).reshape({});
  steps_.add_(happens.to(at::kLong));
  auto weight = happens.to(at::kDouble);
  if (options_.warmup > 0) {
    const auto grown = 1 - at::exp(steps_.to(at::kDouble) / -options_.warmup);
    weight = weight * (1 - options_.decay * grown);
  } else {
    weight = weight * (1 - options_.decay);
  }
  if (!floating_.values.empty()) {
    const auto moved = at::_foreach_sub(floating_.values, floating_.averages);
    at::_foreach_mul_(moved, weight.to(at::kFloat));
    at::_foreach_add_(floating_.averages, moved);
  }
  // What does not happen has left them as they were.
  copy(integer_.averages, integer_.values);
}

void Ema::show(bool averaged) {
  if (averaged == shown_) return;
  const at::NoGradGuard guard;
  // All memory first: nothing is half exchanged when there is none.
  const auto floating = clones(floating_.values), integer = clones(integer_.values);
  for (auto* group : {&floating_, &integer_}) copy(group->values, group->averages);
  copy(floating_.averages, floating);
  copy(integer_.averages, integer);
  shown_ = averaged;
}

std::map<std::string, at::Tensor> Ema::state() const {
  std::map<std::string, at::Tensor> out{{"steps", steps_}};
  for (const auto* group : {&floating_, &integer_}) {
    const auto& averages = shown_ ? group->values : group->averages;
    for (size_t i = 0; i < averages.size(); ++i) out.emplace(group->names[i], averages[i]);
  }
  return out;
}

}  // namespace ssd
