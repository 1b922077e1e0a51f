#include "train/optimizer.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/_fused_adam.h>
#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/_fused_sgd.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <utility>

namespace ssd {

namespace {

using Tensors = std::vector<at::Tensor>;

}  // namespace

Optimizer::Optimizer(OptimizerOptions options, std::vector<Parameter> parameters)
    : options_(options), groups_{{options.weight_decay, {}, {}, {}, {}}, {0, {}, {}, {}, {}}} {
  const at::NoGradGuard guard;
  for (auto& parameter : parameters) {
    auto& group = groups_[parameter.value.dim() > 1 ? 0 : 1];
    group.first.push_back(at::zeros_like(parameter.value));
    if (options_.rule != Rule::Sgd) {
      group.second.push_back(at::zeros_like(parameter.value));
      group.steps.push_back(at::zeros({}, parameter.value.options()));
    }
    group.parameters.push_back(std::move(parameter));
  }
}

void Optimizer::step(double lr) {
  const at::NoGradGuard guard;
  for (auto& group : groups_) step(group, lr);
}

void Optimizer::step(Group& group, double lr) {
  Tensors values, grads, first, second, steps;
  for (size_t i = 0; i < group.parameters.size(); ++i) {
    const auto& value = group.parameters[i].value;
    if (!value.grad().defined()) continue;
    values.push_back(value);
    grads.push_back(value.grad());
    first.push_back(group.first[i]);
    if (options_.rule == Rule::Sgd) continue;
    second.push_back(group.second[i]);
    steps.push_back(group.steps[i]);
  }
  if (values.empty()) return;
  const auto& o = options_;
  if (o.rule == Rule::Sgd) {
    // A zero buffer and no dampening give the first step PyTorch's own value: 0 * m + g.
    if (o.momentum == 0) first.clear();
    at::_fused_sgd_(values, grads, first, group.weight_decay, o.momentum, lr, /*dampening=*/0,
                    o.nesterov, /*maximize=*/false, /*is_first_step=*/false);
    return;
  }
  for (auto& count : steps) count.add_(1);
  const auto update = [&](auto kernel) {
    kernel(values, grads, first, second, Tensors{}, steps, lr, o.beta1, o.beta2, group.weight_decay,
           o.eps, /*amsgrad=*/false, /*maximize=*/false, std::nullopt, std::nullopt);
  };
  if (o.rule == Rule::Adam) {
    update([](auto&&... arguments) { at::_fused_adam_(arguments...); });
  } else {
    update([](auto&&... arguments) { at::_fused_adamw_(arguments...); });
  }
}

std::map<std::string, at::Tensor> Optimizer::state() {
  std::map<std::string, at::Tensor> out;
  for (auto& group : groups_) {
    for (size_t i = 0; i < group.parameters.size(); ++i) {
      const auto& name = group.parameters[i].name;
      out.emplace("first." + name, group.first[i]);
      if (options_.rule == Rule::Sgd) continue;
      out.emplace("second." + name, group.second[i]);
      out.emplace("steps." + name, group.steps[i]);
    }
  }
  return out;
}

}  // namespace ssd
