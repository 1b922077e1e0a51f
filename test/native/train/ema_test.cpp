#include "train/ema.h"

#include <ATen/ops/zeros.h>

#include <cmath>

#include "fixtures.h"
#include "tensors.h"
#include "train/session.h"

namespace ssd {
namespace {

constexpr int kSteps = 40;

// A convolution's weight in the layout it trains in, a statistic, and a count.
std::vector<Parameter> parameters() {
  const auto weight = noise({3, 2, 3, 3}, 1).to(at::kFloat);
  return {{"weight", weight.contiguous(at::MemoryFormat::ChannelsLast)},
          {"running_mean", noise({3}, 2).to(at::kFloat), true},
          {"num_batches_tracked", at::zeros({}, at::kLong), true}};
}

// What training does to them in step n.
void train(std::vector<Parameter>& list, int n) {
  for (size_t i = 0; i < 2; ++i) {
    auto& value = list[i].value;
    value.add_(noise(value.sizes(), static_cast<uint64_t>(100 * n) + i).to(at::kFloat), 0.1);
  }
  list[2].value.add_(1);
}

void check_rule(const EmaOptions& options) {
  auto list = parameters();
  Ema ema(options, list);
  std::vector<std::vector<double>> expected;
  for (const auto& parameter : list) expected.push_back(check::numbers(parameter.value));
  for (int n = 1; n <= kSteps; ++n) {
    train(list, n);
    ema.update();
    const double d = options.decay * (options.warmup > 0 ? 1 - std::exp(-n / options.warmup) : 1.0);
    for (size_t i = 0; i < 2; ++i) {
      const auto values = check::numbers(list[i].value);
      for (size_t k = 0; k < values.size(); ++k)
        expected[i][k] = d * expected[i][k] + (1 - d) * values[k];
    }
  }
  const auto state = ema.state();
  EXPECT_EQ(4, state.size());
  EXPECT_NEAR(expected[0], state.at("weight"), 1e-6);
  EXPECT_NEAR(expected[1], state.at("running_mean"), 1e-6);
  EXPECT_EQ(kSteps, state.at("num_batches_tracked").item<int64_t>());
  EXPECT_EQ(kSteps, state.at("steps").item<int64_t>());
  // Apart from what it averages.
  EXPECT(!same_bits(state.at("weight"), list[0].value));
}

TEST(the_average_is_its_definition) {
  check_rule({.decay = 0.9998, .warmup = 2000});
  check_rule({.decay = 0.9, .warmup = 10});
  check_rule({.decay = 0.99, .warmup = 0});
  check_rule({.decay = 0.3, .warmup = 0});
}

TEST(it_starts_as_the_tensors_are) {
  const auto list = parameters();
  const auto state = Ema({}, list).state();
  for (const auto& parameter : list) EXPECT(same_bits(parameter.value, state.at(parameter.name)));
  EXPECT_EQ(0, state.at("steps").item<int64_t>());
}

TEST(what_does_not_move_stays_to_the_bit) {
  const auto list = parameters();
  const auto before = list[0].value.clone();
  Ema ema({.decay = 0.9, .warmup = 3}, list);
  for (int n = 0; n < 100; ++n) ema.update();
  EXPECT(same_bits(before, ema.state().at("weight")));
}

TEST(showing_exchanges_in_place_and_back_to_the_bit) {
  auto list = parameters();
  Ema ema({.decay = 0.9, .warmup = 0}, list);
  train(list, 1);
  ema.update();
  const auto* storage = list[0].value.const_data_ptr();
  std::vector<at::Tensor> own, averaged;
  for (const auto& [name, value, buffer] : list) {
    own.push_back(value.clone());
    averaged.push_back(ema.state().at(name).clone());
  }
  // Twice is once: a caller need not know what is shown.
  for (const bool show : {true, true, false, false, true, false}) {
    ema.show(show);
    EXPECT_EQ(show, ema.shown());
    EXPECT(list[0].value.const_data_ptr() == storage);
    for (size_t i = 0; i < list.size(); ++i) {
      EXPECT(same_bits(show ? averaged[i] : own[i], list[i].value));
      // The state is that of the average, wherever it is.
      EXPECT(same_bits(averaged[i], ema.state().at(list[i].name)));
    }
  }
}

TEST(a_state_that_was_saved_goes_on_to_the_bit) {
  const EmaOptions options{.decay = 0.9, .warmup = 5};
  auto list = parameters();
  Ema ema(options, list);
  for (int n = 1; n <= 3; ++n) {
    train(list, n);
    ema.update();
  }
  auto resumed_list = parameters();
  for (size_t i = 0; i < list.size(); ++i) resumed_list[i].value.copy_(list[i].value);
  Ema resumed(options, resumed_list);
  auto slots = resumed.state();
  for (const auto& [name, value] : ema.state()) slots.at(name).copy_(value);
  for (int n = 4; n <= 9; ++n) {
    for (auto* values : {&list, &resumed_list}) train(*values, n);
    ema.update();
    resumed.update();
  }
  const auto expected = ema.state(), got = resumed.state();
  for (const auto& [name, value] : expected) EXPECT(same_bits(value, got.at(name)));
}

}  // namespace
}  // namespace ssd
