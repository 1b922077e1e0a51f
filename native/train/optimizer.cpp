#include "train/optimizer.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/_foreach_add.h>
#include <ATen/ops/_fused_adam.h>
#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/_fused_sgd.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <optional>
#include <utility>

namespace ssd {

namespace {

using Tensors = std::vector<at::Tensor>;

std::optional<at::Tensor> maybe(const at::Tensor& tensor) {
  return tensor.defined() ? std::optional(tensor) : std::nullopt;
}

// One step more, unless nothing happens in it.
void count(const Tensors& steps, const at::Tensor& found) {
  if (found.defined()) {
    at::_foreach_add_(steps, (1 - found).reshape({}));
  } else if (steps.front().is_cpu()) {
    // A hundred counts of one number each: a kernel for every one takes longer than they do.
    for (const auto& step : steps) *step.data_ptr<float>() += 1;
  } else {
    at::_foreach_add_(steps, 1);
  }
}

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

std::vector<at::Tensor> Optimizer::gradients() const {
  Tensors out;
  for (const auto& group : groups_) {
    for (const auto& parameter : group.parameters) {
      if (parameter.value.grad().defined()) out.push_back(parameter.value.grad());
    }
  }
  return out;
}

void Optimizer::step(const Update& update) {
  const at::NoGradGuard guard;
  for (auto& group : groups_) step(group, update);
}

void Optimizer::step(Group& group, const Update& update) {
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
  const auto divisor = maybe(update.divisor), found = maybe(update.found);
  const auto with_rate = [&](auto kernel) {
    if (update.device_lr.defined()) {
      kernel(update.device_lr);
    } else {
      kernel(update.lr);
    }
  };
  if (o.rule == Rule::Sgd) {
    // A zero buffer and no dampening give the first step PyTorch's own value: 0 * m + g.
    if (o.momentum == 0) first.clear();
    with_rate([&](const auto& lr) {
      at::_fused_sgd_(values, grads, first, group.weight_decay, o.momentum, lr, /*dampening=*/0,
                      o.nesterov, /*maximize=*/false, /*is_first_step=*/false, divisor, found);
    });
    return;
  }
  count(steps, update.found);
  with_rate([&](const auto& lr) {
    const auto kernel = [&](auto function) {
      function(values, grads, first, second, Tensors{}, steps, lr, o.beta1, o.beta2,
               group.weight_decay, o.eps, /*amsgrad=*/false, /*maximize=*/false, divisor, found);
    };
    if (o.rule == Rule::Adam) {
      kernel([](auto&&... arguments) { at::_fused_adam_(arguments...); });
    } else {
      kernel([](auto&&... arguments) { at::_fused_adamw_(arguments...); });
    }
  });
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
