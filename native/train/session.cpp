#include "train/session.h"

#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <utility>

#include "core/check.h"

namespace ssd {

namespace {

at::Tensor channels(const std::array<float, 3>& values, at::Device device) {
  return at::tensor(at::ArrayRef<float>(values.data(), 3), at::kFloat)
      .reshape({1, 3, 1, 1})
      .to(device);
}

}  // namespace

Evaluated evaluate_loss(const Output& student, const std::optional<Output>& teacher,
                        const Targets& targets, const at::Tensor& priors,
                        const LossOptions& options) {
  const auto matched = match(targets, priors, options.match);
  return {multibox_loss(student, teacher, targets, priors, matched, options),
          matched.unmatched.sum()};
}

Session::Session(std::shared_ptr<Model> student, std::shared_ptr<Model> teacher, at::Tensor priors,
                 SessionOptions options)
    : student_(std::move(student)),
      teacher_(std::move(teacher)),
      claim_(*student_, Claim::Use::Train),
      options_(std::move(options)),
      guarded_(options_.graph || options_.guarded.value_or(!student_->device().is_cpu())),
      priors_(priors.to(student_->device())),
      optimizer_(options_.optimizer, trainable(options_.freeze)),
      statistics_(student_->parameters()) {
  const auto device = student_->device();
  if (teacher_) teacher_claim_.emplace(*teacher_, Claim::Use::Teach);
  if (const auto& input = options_.teacher_input) {
    factors_ = channels(input->scale, device);
    summands_ = channels(input->shift, device);
  }
  if (options_.ema) ema_.emplace(*options_.ema, student_->parameters(), guarded_);
  if (options_.precision == Precision::Fp16) scaler_.emplace(options_.scaler, device);
  if (options_.graph) replay_.emplace(*options_.graph, device);
  diverged_ = at::zeros({1}, at::TensorOptions(at::kFloat).device(device));
}

std::vector<Parameter> Session::trainable(const std::vector<std::string>& freeze) {
  std::vector<Parameter> out;
  for (auto& parameter : student_->parameters()) {
    const bool trains = !parameter.buffer && !starts_with_any(parameter.name, freeze);
    if (parameter.value.is_floating_point()) parameter.value.set_requires_grad(trains);
    if (trains) out.push_back(parameter);
  }
  if (out.empty())
    throw Error(Code::BadOption, "freeze: expected a tensor left to train, got none");
  return out;
}

void Session::begin(std::vector<std::string> freeze) {
  const std::lock_guard lock(student_->mutex);
  optimizer_ = Optimizer(options_.optimizer, trainable(freeze));
  if (replay_) replay_->forget();
  options_.freeze = std::move(freeze);
}

void Session::show_average(bool averaged) {
  const std::lock_guard lock(student_->mutex);
  if (ema_) ema_->show(averaged);
}

std::map<std::string, at::Tensor> Session::state() {
  std::map<std::string, at::Tensor> out;
  for (auto& [name, tensor] : optimizer_.state()) out.emplace("optimizer." + name, tensor);
  if (ema_) {
    for (auto& [name, tensor] : ema_->state()) out.emplace("ema." + name, tensor);
  }
  if (scaler_) {
    for (auto& [name, tensor] : scaler_->state()) out.emplace("scaler." + name, tensor);
  }
  return out;
}

}  // namespace ssd
