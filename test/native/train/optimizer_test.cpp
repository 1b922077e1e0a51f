#include "train/optimizer.h"

#include <ATen/ops/zeros_like.h>

#include <cmath>

#include "tensors.h"

namespace ssd {
namespace {

constexpr int kSteps = 6;

double rate(int step) {
  return 0.1 / (step + 1);
}

// A convolution's weight in the layout it trains in, a bias, and one that no gradient reaches.
std::vector<Parameter> parameters() {
  const auto weight = noise({3, 2, 3, 3}, 1).to(at::kFloat);
  return {{"weight", weight.contiguous(at::MemoryFormat::ChannelsLast)},
          {"bias", noise({3}, 2).to(at::kFloat)},
          {"unused", noise({2, 2}, 3).to(at::kFloat)}};
}

at::Tensor gradient(const at::Tensor& value, int step) {
  const auto plain = noise(value.sizes(), 10 + static_cast<uint64_t>(step)).to(at::kFloat);
  return value.dim() == 4 ? plain.contiguous(at::MemoryFormat::ChannelsLast) : plain;
}

void run(Optimizer& optimizer, std::vector<Parameter>& list, int from, int to) {
  for (int step = from; step < to; ++step) {
    for (size_t i = 0; i < 2; ++i) list[i].value.mutable_grad() = gradient(list[i].value, step);
    optimizer.step(rate(step));
  }
}

// One number under one rule, as PyTorch's documentation writes it.
struct Scalar {
  double value, first = 0, second = 0;
  int count = 0;

  void step(const OptimizerOptions& o, double decay, double g, double lr) {
    if (o.rule != Rule::AdamW) g += decay * value;
    if (o.rule == Rule::Sgd) {
      first = o.momentum * first + g;
      value -= lr * (o.nesterov ? g + o.momentum * first : first);
      return;
    }
    if (o.rule == Rule::AdamW) value -= lr * decay * value;
    ++count;
    first = o.beta1 * first + (1 - o.beta1) * g;
    second = o.beta2 * second + (1 - o.beta2) * g * g;
    const double mean = first / (1 - std::pow(o.beta1, count));
    const double square = second / (1 - std::pow(o.beta2, count));
    value -= lr * mean / (std::sqrt(square) + o.eps);
  }
};

void check_rule(const OptimizerOptions& options) {
  auto list = parameters();
  const auto untouched = list[2].value.clone();
  Optimizer optimizer(options, list);
  std::vector<std::vector<double>> expected;
  for (size_t i = 0; i < 2; ++i) {
    // Never a decay for what has one dimension.
    const double decay = list[i].value.dim() == 1 ? 0 : options.weight_decay;
    std::vector<Scalar> scalars;
    for (const double value : check::numbers(list[i].value)) scalars.push_back({value});
    for (int step = 0; step < kSteps; ++step) {
      const auto grads = check::numbers(gradient(list[i].value, step));
      for (size_t k = 0; k < scalars.size(); ++k)
        scalars[k].step(options, decay, grads[k], rate(step));
    }
    expected.emplace_back();
    for (const auto& scalar : scalars) expected.back().push_back(scalar.value);
  }
  run(optimizer, list, 0, kSteps);
  EXPECT_NEAR(expected[0], list[0].value, 2e-6);
  EXPECT_NEAR(expected[1], list[1].value, 2e-6);
  EXPECT(same_bits(untouched, list[2].value));
}

TEST(sgd_is_its_definition) {
  check_rule({.momentum = 0});
  check_rule({.momentum = 0, .weight_decay = 0.1});
  check_rule({.momentum = 0.9, .weight_decay = 0.1});
  check_rule({.momentum = 0.9, .nesterov = true, .weight_decay = 0.1});
}

TEST(adam_is_its_definition) {
  check_rule({.rule = Rule::Adam});
  check_rule({.rule = Rule::Adam, .beta1 = 0.8, .beta2 = 0.9, .eps = 1e-3, .weight_decay = 0.1});
}

TEST(adamw_is_its_definition) {
  check_rule({.rule = Rule::AdamW});
  check_rule({.rule = Rule::AdamW, .beta1 = 0.8, .beta2 = 0.9, .eps = 1e-3, .weight_decay = 0.1});
}

TEST(decay_shrinks_weights_and_spares_biases) {
  for (const auto rule : {Rule::Sgd, Rule::Adam, Rule::AdamW}) {
    auto list = parameters();
    Optimizer optimizer({.rule = rule, .weight_decay = 0.5}, list);
    const auto before = list[0].value.abs().sum().item<double>();
    const auto bias = list[1].value.clone();
    for (size_t i = 0; i < 2; ++i) list[i].value.mutable_grad() = at::zeros_like(list[i].value);
    optimizer.step(0.01);
    EXPECT(list[0].value.abs().sum().item<double>() < before);
    EXPECT(same_bits(bias, list[1].value));
  }
}

TEST(without_any_gradient_nothing_happens) {
  for (const auto rule : {Rule::Sgd, Rule::AdamW}) {
    auto list = parameters();
    const auto before = list[0].value.clone();
    Optimizer({.rule = rule, .weight_decay = 0.5}, list).step(0.1);
    EXPECT(same_bits(before, list[0].value));
  }
}

TEST(state_is_named_after_its_parameters) {
  auto list = parameters();
  const auto names = [&](Rule rule) {
    std::string out;
    for (const auto& [name, value] : Optimizer({.rule = rule}, list).state()) out += name + " ";
    return out;
  };
  EXPECT_EQ("first.bias first.unused first.weight ", names(Rule::Sgd));
  EXPECT_EQ(
      "first.bias first.unused first.weight second.bias second.unused second.weight "
      "steps.bias steps.unused steps.weight ",
      names(Rule::Adam));
}

TEST(a_step_later_from_the_saved_state_is_the_same_to_the_bit) {
  for (const auto rule : {Rule::Sgd, Rule::Adam, Rule::AdamW}) {
    auto list = parameters();
    Optimizer optimizer({.rule = rule, .weight_decay = 0.1}, list);
    run(optimizer, list, 0, 3);
    auto resumed_list = parameters();
    for (size_t i = 0; i < 3; ++i) resumed_list[i].value.copy_(list[i].value);
    Optimizer resumed({.rule = rule, .weight_decay = 0.1}, resumed_list);
    auto slots = resumed.state();
    for (const auto& [name, value] : optimizer.state()) slots.at(name).copy_(value);
    run(optimizer, list, 3, kSteps);
    run(resumed, resumed_list, 3, kSteps);
    for (size_t i = 0; i < 3; ++i) EXPECT(same_bits(list[i].value, resumed_list[i].value));
  }
}

}  // namespace
}  // namespace ssd
