// The session where something is not finite, decided on the host or on the device; fp16's
// overflows.
#include <ATen/TensorOperators.h>

#include <cmath>

#include "core/error.h"
#include "fixtures.h"
#include "tensors.h"
#include "train/session.h"

namespace ssd {
namespace {

constexpr double kRate = 0.01;

std::shared_ptr<Model> tiny(uint64_t seed = 1) {
  return std::make_shared<Model>(tiny_graph(), seed);
}

SessionOptions adamw(bool guarded = false) {
  SessionOptions options;
  options.optimizer.rule = Rule::AdamW;
  options.ema = EmaOptions{0.9, 4};
  options.guarded = guarded;
  return options;
}

SessionOptions half(double start, bool guarded = false) {
  auto options = adamw(guarded);
  options.precision = Precision::Fp16;
  options.scaler.start = start;
  return options;
}

Session session_of(const std::shared_ptr<Model>& student, const SessionOptions& options) {
  return {student, nullptr, prior_boxes(tiny_grid()), options};
}

Batch broken_batch() {
  auto batch = tiny_batch();
  batch.images.select(0, 1).select(0, 2).fill_(std::nan(""));
  return batch;
}

std::map<std::string, at::Tensor> state_of(Session& session) {
  std::map<std::string, at::Tensor> out;
  for (const auto& [name, tensor] : session.state()) out.emplace(name, tensor.clone());
  return out;
}

void expect_same(const std::map<std::string, at::Tensor>& before, Session& session) {
  for (const auto& [name, tensor] : session.state()) {
    if (!name.starts_with("scaler.")) EXPECT(same_bits(before.at(name), tensor));
  }
}

// A student whose loss is finite and whose first layer's gradient is not: what it sees is brought
// down below everything and up again.
std::shared_ptr<Model> steep() {
  const auto student = tiny();
  student->parameter("body.conv.weight").value.mul_(1e-37);
  for (const auto* name : {"loc.0.weight", "conf.0.weight"}) {
    student->parameter(name).value.fill_(2e38);
  }
  return student;
}

TEST(a_gradient_that_is_not_finite_changes_nothing) {
  for (const bool guarded : {false, true}) {
    const auto student = steep();
    auto options = adamw(guarded);
    options.freeze = {"body.norm"};
    auto session = session_of(student, options);
    const Snapshot before(*student);
    const auto state = state_of(session);
    try {
      session.step(tiny_batch(), kRate);
      EXPECT(false);
    } catch (const DivergedError& error) {
      EXPECT(std::string(error.what()).find("a finite gradient, got conf") != std::string::npos);
      EXPECT((std::vector<int32_t>{4, 9}) == error.pictures);
    }
    EXPECT_EQ(kNothing, before.changed(*student));
    expect_same(state, session);
  }
}

TEST(decided_on_the_device_a_step_is_the_same) {
  const auto student = tiny(), other = tiny();
  auto guarded = session_of(student, adamw(true)), plain = session_of(other, adamw());
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(plain.step(tiny_batch(), kRate).total, guarded.step(tiny_batch(), kRate).total);
  }
  EXPECT_EQ(kNothing, Snapshot(*other).changed(*student));
  const auto expected = plain.state();
  for (const auto& [name, tensor] : guarded.state()) EXPECT_NEAR(expected.at(name), tensor, 1e-6);
}

TEST(steps_queued_behind_one_that_diverged_change_nothing_either) {
  const auto student = tiny();
  auto session = session_of(student, adamw(true));
  session.step(tiny_batch(), kRate);
  const Snapshot before(*student);
  const auto state = state_of(session);
  const auto first = session.launch(&broken_batch, 1, kRate);
  const auto second = session.launch(&tiny_batch, 1, kRate);
  EXPECT_THROWS(Code::Diverged, session.collect(first));
  EXPECT_THROWS(Code::Diverged, session.collect(second));
  EXPECT_EQ(kNothing, before.changed(*student));
  expect_same(state, session);
  // Once it is known, whoever goes on goes on.
  session.step(tiny_batch(), kRate);
  EXPECT(!before.changed(*student).empty());
}

TEST(fp16_learns) {
  auto session = session_of(tiny(), half(65536));
  const auto first = session.step(tiny_batch(), 0);
  auto last = first;
  for (int i = 0; i < 60; ++i) last = session.step(tiny_batch(), kRate);
  EXPECT(last.total < first.total / 2);
  EXPECT(last.scale && *last.scale <= 65536);
}

TEST(fp16_steps_as_fp32_does_while_nothing_overflows) {
  const auto student = tiny(), other = tiny();
  auto session = session_of(student, half(1024));
  auto exact = session_of(other, adamw());
  const auto result = session.step(tiny_batch(), kRate), expected = exact.step(tiny_batch(), kRate);
  EXPECT(!result.skipped);
  EXPECT_NEAR(1024, *result.scale, 0);
  EXPECT_NEAR(expected.total, result.total, 0.02 * expected.total);
  // Weights stay in full precision.
  for (const auto& parameter : student->parameters()) {
    EXPECT(parameter.value.scalar_type() != at::kHalf);
  }
}

TEST(an_overflow_skips_the_step_and_halves_the_scale) {
  for (const bool guarded : {false, true}) {
    const auto student = tiny();
    const double start = std::pow(2, 30);
    auto session = session_of(student, half(start, guarded));
    const Snapshot before(*student);
    const auto state = state_of(session);
    int skipped = 0;
    auto result = session.step(tiny_batch(), kRate);
    while (result.skipped) {
      EXPECT_NEAR(start / std::pow(2, skipped), *result.scale, 0);
      EXPECT_EQ(kNothing, before.changed(*student));
      expect_same(state, session);
      EXPECT(std::isfinite(result.total));
      ++skipped;
      EXPECT(skipped < 30);
      result = session.step(tiny_batch(), kRate);
    }
    EXPECT(skipped > 0);
    EXPECT_NEAR(start / std::pow(2, skipped), *result.scale, 0);
    EXPECT(!before.changed(*student).empty());
    const auto after = session.state();
    EXPECT_EQ(1, after.at("ema.steps").item<int64_t>());
    EXPECT_NEAR(1, after.at("optimizer.steps.conf.0.bias"), 0);
    EXPECT_EQ(1, after.at("scaler.good_steps").item<int64_t>());
  }
}

TEST(an_fp16_state_that_was_saved_goes_on_to_the_bit) {
  const auto options = half(std::pow(2, 18));
  const auto student = tiny(), other = tiny();
  auto session = session_of(student, options);
  for (int i = 0; i < 5; ++i) session.step(tiny_batch(), kRate);
  for (auto& parameter : other->parameters()) {
    parameter.value.copy_(student->parameter(parameter.name).value.detach());
  }
  auto resumed = session_of(other, options);
  auto slots = resumed.state();
  for (const auto& [name, tensor] : session.state()) slots.at(name).copy_(tensor);
  for (int i = 0; i < 5; ++i) {
    const auto expected = session.step(tiny_batch(), kRate);
    const auto got = resumed.step(tiny_batch(), kRate);
    EXPECT_EQ(expected.total, got.total);
    EXPECT_EQ(*expected.scale, *got.scale);
  }
  EXPECT_EQ(kNothing, Snapshot(*student).changed(*other));
}

TEST(what_no_scale_helps_has_diverged) {
  const auto student = tiny();
  auto session = session_of(student, half(8));
  const Snapshot before(*student);
  for (const double scale : {8, 4, 2}) {
    const auto result = session.step(broken_batch(), kRate);
    EXPECT(result.skipped && !std::isfinite(result.total));
    EXPECT_NEAR(scale, *result.scale, 0);
  }
  EXPECT_THROWS(Code::Diverged, session.step(broken_batch(), kRate));
  EXPECT_EQ(kNothing, before.changed(*student));
}

}  // namespace
}  // namespace ssd
