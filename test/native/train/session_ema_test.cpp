// The session with an average of the weights.
#include <cmath>
#include <limits>

#include "core/error.h"
#include "fixtures.h"
#include "tensors.h"
#include "train/session.h"

namespace ssd {
namespace {

constexpr double kRate = 0.01, kDecay = 0.8, kWarmup = 4;

std::shared_ptr<Model> tiny(uint64_t seed = 1) {
  return std::make_shared<Model>(tiny_graph(), seed);
}

Session session_of(const std::shared_ptr<Model>& student, bool averaged = true) {
  SessionOptions options;
  options.optimizer.rule = Rule::AdamW;
  if (averaged) options.ema = EmaOptions{kDecay, kWarmup};
  return {student, nullptr, prior_boxes(tiny_grid()), options};
}

// The average of a float tensor over the steps that a run shows, in double.
struct Expected {
  std::vector<double> values;
  int n = 0;

  void step(const at::Tensor& value) {
    const double d = kDecay * (1 - std::exp(-++n / kWarmup));
    const auto now = check::numbers(value);
    for (size_t i = 0; i < now.size(); ++i) values[i] = d * values[i] + (1 - d) * now[i];
  }
};

TEST(every_step_and_both_phases_count) {
  const auto student = tiny();
  auto session = session_of(student);
  std::map<std::string, Expected> expected;
  for (const auto& [name, value, buffer] : student->parameters()) {
    if (value.is_floating_point()) expected[name] = {check::numbers(value)};
  }
  for (int i = 0; i < 6; ++i) {
    if (i == 0) session.begin({"body."});
    if (i == 3) session.begin({});
    session.step(tiny_batch(), kRate);
    for (auto& [name, average] : expected) average.step(student->parameter(name).value);
  }
  const auto state = session.state();
  EXPECT_EQ(6, state.at("ema.steps").item<int64_t>());
  // Steps of the optimizer, not of the run: it began anew.
  EXPECT_NEAR(3, state.at("optimizer.steps.conf.0.bias").item<double>(), 0);
  EXPECT_EQ(3, state.at("ema.body.norm.num_batches_tracked").item<int64_t>());
  for (const auto& [name, average] : expected) {
    EXPECT_NEAR(average.values, state.at("ema." + name), 1e-6);
  }
}

TEST(the_steps_are_those_without_an_average_to_the_bit) {
  const auto student = tiny(), other = tiny();
  auto session = session_of(student), plain = session_of(other, false);
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(plain.step(tiny_batch(), kRate).total, session.step(tiny_batch(), kRate).total);
    session.show_average(true);
    EXPECT(!Snapshot(*other).changed(*student).empty());
    session.show_average(false);
  }
  EXPECT_EQ(kNothing, Snapshot(*other).changed(*student));
  for (const auto& [name, tensor] : plain.state()) EXPECT(name.starts_with("optimizer."));
  plain.show_average(true);
  plain.step(tiny_batch(), kRate);
}

TEST(a_step_that_diverges_is_no_part_of_it) {
  const auto student = tiny();
  auto session = session_of(student);
  session.step(tiny_batch(), kRate);
  std::map<std::string, at::Tensor> before;
  for (const auto& [name, tensor] : session.state()) before.emplace(name, tensor.clone());
  auto batch = tiny_batch();
  batch.images.fill_(std::numeric_limits<double>::quiet_NaN());
  EXPECT_THROWS(Code::Diverged, session.step(batch, kRate));
  for (const auto& [name, tensor] : session.state()) EXPECT(same_bits(before.at(name), tensor));
}

TEST(no_step_while_the_average_is_shown) {
  const auto student = tiny();
  auto session = session_of(student);
  session.step(tiny_batch(), kRate);
  session.show_average(true);
  const Snapshot before(*student);
  EXPECT_THROWS(Code::Internal, session.step(tiny_batch(), kRate));
  EXPECT_EQ(kNothing, before.changed(*student));
  session.show_average(false);
  session.step(tiny_batch(), kRate);
}

TEST(a_phase_that_trains_nothing_is_refused) {
  const auto student = tiny();
  auto session = session_of(student);
  EXPECT_THROWS(Code::BadOption, session.begin({"body", "loc", "conf"}));
  session.begin({"body", "loc"});
  session.step(tiny_batch(), kRate);
}

}  // namespace
}  // namespace ssd
