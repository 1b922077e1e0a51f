// What the session does with gradients before the update: clipping and accumulation.
#include <ATen/TensorOperators.h>

#include <cmath>

#include "core/error.h"
#include "fixtures.h"
#include "tensors.h"
#include "train/session.h"

namespace ssd {
namespace {

constexpr double kRate = 0.5;

std::shared_ptr<Model> tiny() {
  return std::make_shared<Model>(tiny_graph(), 1);
}

// SGD without anything else moves weights by rate times gradient.
SessionOptions plain_sgd() {
  SessionOptions options;
  options.optimizer.momentum = 0;
  return options;
}

Session session_of(const std::shared_ptr<Model>& student, const SessionOptions& options) {
  return {student, nullptr, prior_boxes(tiny_grid()), options};
}

Batch scaled_batch(double factor) {
  auto batch = tiny_batch();
  batch.images.mul_(factor);
  return batch;
}

// The parameters' way in one step of a fresh student, one long vector.
std::vector<double> way(const std::vector<Batch>& batches, const SessionOptions& options,
                        StepResult* result = nullptr) {
  const auto student = tiny(), start = tiny();
  auto session = session_of(student, options);
  size_t next = 0;
  const auto told = session.collect(session.launch([&] { return batches.at(next++); },
                                                   static_cast<int64_t>(batches.size()), kRate));
  if (result != nullptr) *result = told;
  std::vector<double> out;
  for (const auto& [name, value, buffer] : start->parameters()) {
    if (buffer) continue;
    for (const double x : check::numbers(student->parameter(name).value - value)) out.push_back(x);
  }
  return out;
}

double length(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value * value;
  return std::sqrt(sum);
}

std::vector<double> times(std::vector<double> values, double factor) {
  for (auto& value : values) value *= factor;
  return values;
}

TEST(clipping_keeps_the_direction_and_limits_the_norm) {
  StepResult result;
  const auto free = way({tiny_batch()}, plain_sgd(), &result);
  EXPECT(!result.grad_norm);
  const double norm = length(free) / kRate;
  for (const bool guarded : {false, true}) {
    for (const double limit : {norm / 10, norm / 2, norm * 2}) {
      auto options = plain_sgd();
      options.clip = limit;
      options.guarded = guarded;
      const auto clipped = way({tiny_batch()}, options, &result);
      EXPECT_NEAR(norm, *result.grad_norm, 1e-4 * norm);
      EXPECT_NEAR(times(free, std::min(1.0, limit / norm)), clipped, 1e-5 * norm);
    }
  }
}

TEST(adam_takes_clipped_gradients_too) {
  // Its first step hides their length; the first moment does not.
  SessionOptions options;
  options.optimizer.rule = Rule::AdamW;
  options.clip = 1e-3;
  const auto student = tiny();
  auto session = session_of(student, options);
  session.step(tiny_batch(), kRate);
  double sum = 0;
  for (const auto& [name, tensor] : session.state()) {
    if (!name.starts_with("optimizer.first.")) continue;
    for (const double x : check::numbers(tensor)) sum += x * x;
  }
  EXPECT_NEAR(1e-3 * 0.1, std::sqrt(sum), 1e-7);
}

TEST(a_step_of_several_batches_has_the_mean_of_their_gradients_and_losses) {
  const std::vector<Batch> batches{tiny_batch(), scaled_batch(0.5), scaled_batch(-2)};
  std::vector<double> mean;
  StepResult sum, one, all;
  for (const auto& batch : batches) {
    const auto part = way({batch}, plain_sgd(), &one);
    if (mean.empty()) mean.resize(part.size());
    for (size_t i = 0; i < part.size(); ++i) mean[i] += part[i] / 3;
    sum.total += one.total / 3;
    sum.conf += one.conf / 3;
    sum.num_positives += one.num_positives;
  }
  EXPECT_NEAR(mean, way(batches, plain_sgd(), &all), 1e-5);
  EXPECT_NEAR(sum.total, all.total, 1e-5);
  EXPECT_NEAR(sum.conf, all.conf, 1e-5);
  EXPECT_EQ(sum.num_positives, all.num_positives);
  // The norm that is told and clipped is that of the mean.
  auto options = plain_sgd();
  options.clip = 0.01;
  const auto clipped = way(batches, options, &all);
  EXPECT_NEAR(length(mean) / kRate, *all.grad_norm, 1e-4 * length(mean));
  EXPECT_NEAR(0.01 * kRate, length(clipped), 1e-5);
}

TEST(in_fp16_clipping_and_accumulation_see_true_gradients) {
  auto options = plain_sgd();
  options.precision = Precision::Fp16;
  options.scaler.start = 256;
  options.clip = 0.01;
  StepResult result, exact;
  EXPECT_NEAR(0.01 * kRate, length(way({tiny_batch(), scaled_batch(2)}, options, &result)), 1e-5);
  options.precision = Precision::Fp32;
  way({tiny_batch(), scaled_batch(2)}, options, &exact);
  EXPECT_NEAR(*exact.grad_norm, *result.grad_norm, 0.05 * *exact.grad_norm);
}

TEST(a_probe_changes_nothing) {
  const auto student = tiny();
  auto session = session_of(student, plain_sgd());
  session.step(tiny_batch(), kRate);
  const Snapshot before(*student);
  session.probe(3, kTinySide);
  EXPECT_EQ(kNothing, before.changed(*student));
  for (const auto& parameter : student->parameters()) EXPECT(!parameter.value.grad().defined());
  // What a step refuses, it refuses.
  EXPECT_THROWS(Code::BadOption, session.probe(3, kTinySide * 2));
  EXPECT_EQ(kNothing, before.changed(*student));
}

TEST(one_bad_batch_of_several_spoils_the_step) {
  const auto student = tiny();
  auto session = session_of(student, plain_sgd());
  const Snapshot before(*student);
  int next = 0;
  const auto source = [&] { return scaled_batch(next++ == 1 ? std::nan("") : 1.0); };
  try {
    session.collect(session.launch(source, 3, kRate));
    EXPECT(false);
  } catch (const DivergedError& error) {
    EXPECT_EQ(6, error.pictures.size());
  }
  EXPECT_EQ(kNothing, before.changed(*student));
}

TEST(a_source_that_fails_between_two_batches_changes_nothing) {
  const auto student = tiny();
  auto session = session_of(student, plain_sgd());
  const Snapshot before(*student);
  int next = 0;
  const auto source = [&]() -> Batch {
    if (next++ == 1) throw Error(Code::Cancelled, "enough");
    return tiny_batch();
  };
  EXPECT_THROWS(Code::Cancelled, session.launch(source, 3, kRate));
  EXPECT_EQ(kNothing, before.changed(*student));
  // Nor is anything of it left for the next.
  const auto other = tiny();
  auto untroubled = session_of(other, plain_sgd());
  for (auto* one : {&session, &untroubled}) one->step(tiny_batch(), kRate);
  EXPECT_EQ(kNothing, Snapshot(*other).changed(*student));
}

}  // namespace
}  // namespace ssd
