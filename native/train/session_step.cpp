// The session's step.
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/full.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/logical_and.h>
#include <ATen/ops/logical_not.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/autograd.h>

#include <cmath>
#include <iterator>
#include <utility>

#include "core/error.h"
#include "train/gradients.h"
#include "train/session.h"

namespace ssd {

namespace {

// An output whose every tensor is frozen has no graph and takes no gradient.
void backward(const Output& output, const Losses& losses, const at::Tensor& scale) {
  std::vector<at::Tensor> roots, grads;
  for (const auto& [root, grad] :
       {std::pair(output.loc, losses.grad_loc), std::pair(output.conf, losses.grad_conf)}) {
    if (!root.requires_grad()) continue;
    roots.push_back(root);
    grads.push_back(scale.defined() ? grad * scale : grad);
  }
  torch::autograd::backward(roots, grads);
}

[[noreturn]] void diverged(const StepResult& result, const std::vector<int32_t>& indices) {
  const bool objective = !std::isfinite(result.total);
  std::string pictures;
  for (const auto index : indices) pictures += " " + std::to_string(index);
  throw DivergedError(
      std::string("expected a finite ") + (objective ? "objective" : "gradient") + ", got conf " +
          std::to_string(result.conf) + ", loc " + std::to_string(result.loc) +
          (objective ? "" : " and a gradient that is not") +
          (result.scale ? " at the loss scale " + std::to_string(*result.scale) : "") +
          (pictures.empty() ? "" : " on the pictures with index" + pictures) +
          "; no weight was changed by this step",
      indices);
}

}  // namespace

StepResult Session::step(const Batch& batch, double lr) {
  return collect(launch([&] { return batch; }, 1, lr));
}

Session::Launched Session::launch(const Source& source, int64_t batches, double lr) {
  const auto stream = replay_ ? replay_->enter() : std::nullopt;
  std::vector<int32_t> indices;
  std::unique_lock lock(student_->mutex, std::defer_lock);
  // Never under the lock: whoever makes the pictures may wait for somebody who waits for it.
  const auto next = [&] {
    if (lock.owns_lock()) lock.unlock();
    auto inputs = take(source, indices);
    lock.lock();
    return inputs;
  };
  std::vector<Inputs> inputs{next()};
  if (ema_ && ema_->shown()) {
    throw Error(Code::Internal, "step: expected the student's own weights, got the averaged ones");
  }
  statistics_.keep();
  try {
    at::Tensor numbers;
    if (replay_) {
      while (std::ssize(inputs) < batches) inputs.push_back(next());
      numbers = replay_->run(std::move(inputs), lr, [&](const auto& taken, const auto& rate) {
        statistics_.keep();
        std::vector<at::Tensor> rows;
        for (const auto& input : taken) rows.push_back(learn(input, rows.empty()));
        return conclude(at::stack(rows), {0, rate, {}, {}});
      });
    } else {
      std::vector<at::Tensor> rows{learn(inputs.front(), true)};
      inputs.clear();
      while (std::ssize(rows) < batches) rows.push_back(learn(next(), false));
      numbers = conclude(at::stack(rows), {lr, {}, {}, {}});
    }
    student_->touch();
    return {Late(numbers), std::move(indices)};
  } catch (...) {
    if (!lock.owns_lock()) lock.lock();
    statistics_.restore();
    student_->touch();
    drop_gradients();
    throw;
  }
}

void Session::probe(int64_t pictures, int64_t side) {
  const std::lock_guard lock(student_->mutex);
  const std::vector<Truths> truths(static_cast<size_t>(pictures), Truths{{0, 0, 1, 1}, {0}});
  const Batch batch{at::zeros({pictures, 3, side, side}), pad(truths), {}, {}};
  statistics_.keep();
  const auto leave = [&] {
    statistics_.restore();
    student_->touch();
    drop_gradients();
  };
  try {
    // A number on the host: the device has done it all, and has had the memory for it.
    pack_step(at::stack({learn(on_device(batch, student_->device()), true)}), {}).cpu();
  } catch (...) {
    leave();
    throw;
  }
  leave();
}

StepResult Session::collect(const Launched& launched) {
  const auto result = unpack_step(launched.numbers.get(), teacher_ != nullptr,
                                  options_.clip.has_value(), scaler_.has_value());
  if (!result.skipped || (result.scale && *result.scale > 1)) return result;
  diverged_.zero_();
  diverged(result, launched.indices);
}

void Session::drop_gradients() {
  for (auto& parameter : student_->parameters()) parameter.value.mutable_grad().reset();
}

Inputs Session::take(const Source& source, std::vector<int32_t>& indices) const {
  const auto batch = source();
  indices.insert(indices.end(), batch.indices.begin(), batch.indices.end());
  return on_device(batch, student_->device());
}

// Forward, loss and backward of a step's first batch, or a further one, whose gradients are added.
// A batch's terms.
at::Tensor Session::learn(const Inputs& inputs, bool first) {
  std::optional<Output> teacher;
  Output student;
  {
    const Autocast autocast(options_.precision, student_->device().type());
    if (teacher_) {
      const std::lock_guard guard(teacher_->mutex);
      const auto& images = inputs.images;
      teacher = teacher_->infer(factors_.defined() ? images * factors_ + summands_ : images);
    }
    student = student_->train(inputs.images, options_.freeze);
  }
  // A half holds no gradient of a loss that is not scaled yet.
  if (scaler_) student = {student.loc.to(at::kFloat), student.conf.to(at::kFloat)};
  const auto [losses, unmatched] =
      evaluate_loss(student, teacher, inputs.targets, priors_, options_.loss);
  // Not earlier: given back before the forward pass, their pages would have to be cleared anew.
  if (first) drop_gradients();
  backward(student, losses, scaler_ ? scaler_->scale() : at::Tensor());
  return pack_terms(losses, unmatched);
}

Verdict Session::judge(const at::Tensor& rows) const {
  const auto grads = optimizer_.gradients();
  const auto batches = static_cast<double>(rows.size(0));
  Verdict out;
  auto finite = objectives_are_finite(rows);
  if (scaler_) {
    out.scale = scaler_->scale();
    finite = at::logical_and(finite, scaler_->unscale(grads) == 0);
  }
  // The norm tells of every element; unscaling has told already.
  if (!scaler_ || options_.clip) {
    out.norm = total_norm(grads) / batches;
    finite = at::logical_and(finite, at::isfinite(out.norm));
  }
  out.found = at::logical_not(finite).to(at::kFloat).reshape({1});
  return out;
}

// Judges the gradients and makes the update, if it may be made. All of a step's numbers.
at::Tensor Session::conclude(const at::Tensor& rows, Update update) {
  const at::NoGradGuard guard;
  auto verdict = judge(rows);
  if (guarded_ && !scaler_) verdict.found = diverged_.logical_or_(verdict.found).clone();
  const auto batches = static_cast<double>(rows.size(0));
  if (options_.clip) {
    update.divisor = clip_divisor(verdict.norm, *options_.clip) * batches;
  } else if (batches > 1) {
    update.divisor = at::full({}, batches, rows.options());
  }
  const auto packed = pack_step(rows, verdict);
  if (guarded_) {
    update.found = verdict.found;
    statistics_.restore_if(update.found);
    optimizer_.step(update);
    if (ema_) ema_->update(update.found);
  } else if (verdict.found.item<float>() == 0) {
    optimizer_.step(update);
    if (ema_) ema_->update();
  } else {
    statistics_.restore();
  }
  if (scaler_) scaler_->update(verdict.found);
  return packed;
}

}  // namespace ssd
