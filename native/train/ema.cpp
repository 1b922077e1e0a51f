#include "train/ema.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/_foreach_copy.h>
#include <ATen/ops/_foreach_lerp.h>
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

Ema::Ema(EmaOptions options, const std::vector<Parameter>& parameters)
    : options_(options), steps_(at::zeros({}, at::kLong)) {
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
