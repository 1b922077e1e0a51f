#include "train/session.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/_foreach_copy.h>
#include <ATen/ops/tensor.h>
#include <torch/csrc/autograd/autograd.h>

#include <cmath>
#include <utility>

#include "core/check.h"

namespace ssd {

namespace {

// An output whose every tensor is frozen has no graph and takes no gradient.
void backward(const Output& output, const Losses& losses) {
  std::vector<at::Tensor> roots, grads;
  for (const auto& [root, grad] :
       {std::pair(output.loc, losses.grad_loc), std::pair(output.conf, losses.grad_conf)}) {
    if (!root.requires_grad()) continue;
    roots.push_back(root);
    grads.push_back(grad);
  }
  torch::autograd::backward(roots, grads);
}

StepResult numbers(const Evaluated& evaluated) {
  const auto& losses = evaluated.losses;
  const auto read = [](const at::Tensor& term) { return term.item<double>(); };
  StepResult out{read(losses.objective),
                 read(losses.conf),
                 read(losses.loc),
                 {},
                 {},
                 losses.num_positives.item<int64_t>(),
                 evaluated.unmatched.item<int64_t>()};
  if (losses.soft.defined()) out.soft = read(losses.soft);
  if (losses.l2.defined()) out.l2 = read(losses.l2);
  return out;
}

void check_finite(const StepResult& result, const Batch& batch) {
  if (std::isfinite(result.total)) return;
  std::string pictures;
  for (const auto index : batch.indices) pictures += " " + std::to_string(index);
  throw Error(Code::Diverged,
              "expected a finite objective, got conf " + std::to_string(result.conf) + ", loc " +
                  std::to_string(result.loc) +
                  (pictures.empty() ? "" : " on the pictures with index" + pictures) +
                  "; no weight was changed by this step");
}

at::Tensor rescale(const at::Tensor& images, const InputScale& input) {
  const auto channels = [&](const std::array<float, 3>& values) {
    return at::tensor(at::ArrayRef<float>(values.data(), 3), images.options())
        .reshape({1, 3, 1, 1});
  };
  return images * channels(input.scale) + channels(input.shift);
}

Output as_float(const Output& output) {
  return {output.loc.to(at::kFloat), output.conf.to(at::kFloat)};
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
      priors_(priors.to(student_->device())),
      options_(std::move(options)),
      optimizer_(options_.optimizer, trainable(options_.freeze)) {
  if (teacher_) teacher_claim_.emplace(*teacher_, Claim::Use::Teach);
  for (const auto& parameter : student_->parameters()) {
    if (!parameter.buffer) continue;
    auto& kept = statistics_[parameter.value.scalar_type()];
    kept.values.push_back(parameter.value);
    kept.copies.push_back(parameter.value.clone());
  }
  if (options_.ema) ema_.emplace(*options_.ema, student_->parameters());
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
  options_.freeze = std::move(freeze);
}

void Session::show_average(bool averaged) {
  const std::lock_guard lock(student_->mutex);
  if (ema_) ema_->show(averaged);
}

std::map<std::string, at::Tensor> Session::state() {
  std::map<std::string, at::Tensor> out;
  for (auto& [name, tensor] : optimizer_.state()) out.emplace("optimizer." + name, tensor);
  if (!ema_) return out;
  for (auto& [name, tensor] : ema_->state()) out.emplace("ema." + name, tensor);
  return out;
}

StepResult Session::step(const Batch& batch, double lr) {
  const std::lock_guard lock(student_->mutex);
  if (ema_ && ema_->shown()) {
    throw Error(Code::Internal, "step: expected the student's own weights, got the averaged ones");
  }
  for (auto& [type, kept] : statistics_) at::_foreach_copy_(kept.copies, kept.values);
  student_->touch();
  try {
    return attempt(batch, lr);
  } catch (...) {
    for (auto& [type, kept] : statistics_) at::_foreach_copy_(kept.values, kept.copies);
    throw;
  }
}

StepResult Session::attempt(const Batch& batch, double lr) {
  const auto device = student_->device();
  const auto images = batch.images.to(device);
  const Targets targets{batch.targets.boxes.to(device), batch.targets.labels.to(device)};
  std::optional<Output> teacher;
  Output student;
  {
    const Autocast autocast(options_.precision, device.type());
    if (teacher_) {
      const auto& input = options_.teacher_input;
      const std::lock_guard guard(teacher_->mutex);
      teacher = as_float(teacher_->infer(input ? rescale(images, *input) : images));
    }
    student = as_float(student_->train(images, options_.freeze));
  }
  const auto evaluated = evaluate_loss(student, teacher, targets, priors_, options_.loss);
  const auto result = numbers(evaluated);
  check_finite(result, batch);
  for (auto& parameter : student_->parameters()) parameter.value.mutable_grad().reset();
  backward(student, evaluated.losses);
  optimizer_.step(lr);
  if (ema_) ema_->update();
  return result;
}

}  // namespace ssd
