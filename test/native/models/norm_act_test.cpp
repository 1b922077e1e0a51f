#include "models/norm_act.h"

#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/batch_norm.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <ATen/ops/hardswish.h>
#include <ATen/ops/hardtanh.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/zeros.h>

#include <string>
#include <utility>

#include "tensors.h"

namespace ssd {
namespace {

using Slow = at::Tensor (*)(const at::Tensor&);

struct Kind {
  Activation act;
  Slow slow;
};

const std::vector<Kind> kKinds{
    {{}, [](const at::Tensor& z) { return z; }},
    {{.low = 0}, [](const at::Tensor& z) { return at::relu(z); }},
    {{.low = 0, .high = 6}, [](const at::Tensor& z) { return at::hardtanh(z, 0, 6); }},
    {{.hardswish = true}, [](const at::Tensor& z) { return at::hardswish(z); }}};

struct Shape {
  int64_t batch, channels, height, width;
};

// One of each: channels that fill no vector, more than a stretch, one cell, one picture, more rows
// than a block.
const std::vector<Shape> kShapes{{2, 3, 5, 7},    {1, 8, 9, 9},  {4, 960, 1, 1}, {2, 257, 3, 4},
                                 {3, 24, 50, 41}, {1, 13, 1, 2}, {2, 520, 6, 6}};

// What a BatchNorm has and gives, of any type.
struct Case {
  at::Tensor x, weight, bias, mean, variance, dy;
  at::Tensor y;

  Case(const Shape& s, at::ScalarType type, uint64_t seed) {
    const auto [b, c, h, w] = s;
    // A mean and a spread of its own for each channel.
    const auto wide = noise({1, c, 1, 1}, seed + 1).abs() * 4 + 1,
               high = noise({1, c, 1, 1}, seed + 2) * 2;
    x = (noise({b, c, h, w}, seed) * wide + high).to(type);
    dy = noise({b, c, h, w}, seed + 3).to(type);
    weight = noise({c}, seed + 4).to(at::kFloat);
    bias = noise({c}, seed + 5).to(at::kFloat) + 1;
    mean = noise({c}, seed + 6).to(at::kFloat);
    variance = noise({c}, seed + 7).to(at::kFloat).square() + 0.5;
  }

  // A copy with leaves of its own; `exact` in double, the numbers the same.
  Case copy(bool exact) const {
    Case out = *this;
    for (auto* tensor : {&out.x, &out.weight, &out.bias, &out.mean, &out.variance, &out.dy}) {
      *tensor = tensor->detach().clone();
      if (exact) *tensor = tensor->to(at::kDouble);
    }
    for (auto* leaf : {&out.x, &out.weight, &out.bias}) leaf->set_requires_grad(true);
    return out;
  }

  std::vector<std::pair<std::string, at::Tensor>> results() const {
    return {{"y", y.detach()},      {"dx", x.grad()}, {"dweight", weight.grad()},
            {"dbias", bias.grad()}, {"mean", mean},   {"variance", variance}};
  }
};

constexpr double kMomentum = 0.3, kEps = 1e-3;

Case run_fast(const Case& from, const Kind& kind, bool training) {
  auto out = from.copy(false);
  out.y = norm_act(out.x, {out.weight, out.bias, out.mean, out.variance, kMomentum, kEps}, kind.act,
                   training);
  out.y.backward(out.dy);
  return out;
}

// In double and, for what is checked about rounding, on the very numbers the fast one has.
Case run_slow(const Case& from, const Kind& kind, bool training, bool exact = true) {
  auto out = from.copy(exact);
  out.y = kind.slow(at::batch_norm(out.x, out.weight, out.bias, out.mean, out.variance, training,
                                   kMomentum, kEps, false));
  out.y.backward(out.dy);
  return out;
}

// Largest difference as a share of the largest value, leaving out elements on a bound, where a
// rounding decides whether there is a gradient.
double difference(const at::Tensor& expected, const at::Tensor& got, const at::Tensor& sure) {
  auto off = (expected - got.to(at::kDouble)).abs();
  if (sure.sizes() == off.sizes()) off = off * sure;
  return off.max().item<double>() / std::max(1e-3, expected.abs().max().item<double>());
}

// 1 where z is not within `reach` of where an activation bends.
at::Tensor away_from_bends(const Case& from, bool training, double reach) {
  const auto plain = run_slow(from, kKinds[0], training).y.detach();
  auto sure = at::full(plain.sizes(), 1.0, plain.options());
  for (const double bend : {-3.0, 0.0, 3.0, 6.0}) {
    sure = sure * ((plain - bend).abs() > reach).to(at::kDouble);
  }
  return sure;
}

void compare(const Case& from, const Kind& kind, bool training, double tolerance) {
  const auto fast = run_fast(from, kind, training), slow = run_slow(from, kind, training);
  const auto sure = away_from_bends(from, training, 20 * tolerance);
  const auto expected = slow.results(), got = fast.results();
  // Where nearly all of a gradient cancels, as in a map of few rows, ATen's own error is the
  // measure.
  const auto usual = from.x.scalar_type() == at::kFloat
                         ? run_slow(from, kind, training, false).results()
                         : expected;
  for (size_t i = 0; i < expected.size(); ++i) {
    const double off = difference(expected[i].second, got[i].second, sure);
    // A bend that rounding crosses in a map of few rows moves a whole channel's sum.
    const bool summed = expected[i].first[0] == 'd';
    const bool bent = sure.min().item<double>() == 0;
    const double own = difference(expected[i].second, usual[i].second, sure);
    if (off <= (summed && bent ? 0.2 : std::max(tolerance, 4 * own))) continue;
    check::fail(__FILE__, __LINE__, expected[i].first, std::to_string(tolerance),
                std::to_string(off));
  }
}

TEST(it_is_batch_norm_and_the_activation_in_float) {
  uint64_t seed = 1;
  for (const auto& shape : kShapes) {
    for (const auto& kind : kKinds) {
      for (const bool training : {true, false}) {
        compare(Case(shape, at::kFloat, seed += 10), kind, training, 5e-5);
      }
    }
  }
}

TEST(and_in_bfloat16_as_near_as_that_rounds) {
  uint64_t seed = 1;
  for (const auto& shape : kShapes) {
    for (const auto& kind : kKinds) {
      for (const bool training : {true, false}) {
        compare(Case(shape, at::kBFloat16, seed += 10), kind, training, 8e-3);
      }
    }
  }
}

TEST(a_mean_far_from_zero_costs_no_digits) {
  auto far = Case({4, 8, 20, 20}, at::kFloat, 5);
  far.x = noise({4, 8, 20, 20}, 6).to(at::kFloat) + 10000;
  const auto fast = run_fast(far, kKinds[0], true), slow = run_slow(far, kKinds[0], true);
  EXPECT_NEAR(slow.y.detach(), fast.y.detach(), 5e-3);
  EXPECT_NEAR(slow.variance, fast.variance, 1e-4);
}

TEST(one_value_a_channel_has_no_variance) {
  const auto fast = run_fast(Case({1, 5, 1, 1}, at::kFloat, 3), kKinds[0], true);
  const auto before = Case({1, 5, 1, 1}, at::kFloat, 3);
  EXPECT_NEAR(before.bias, fast.y.detach().flatten(), 1e-4);
  EXPECT_NEAR(before.variance * (1 - kMomentum), fast.variance, 1e-6);
  EXPECT_NEAR(at::zeros({5}), fast.x.grad().flatten(), 1e-6);
}

TEST(the_number_of_threads_changes_no_bit) {
  const int threads = at::get_num_threads();
  const Case from({3, 40, 37, 41}, at::kFloat, 8);
  std::vector<Case> runs;
  for (const int count : {1, 2, 5}) {
    at::set_num_threads(count);
    runs.push_back(run_fast(from, kKinds[2], true));
  }
  at::set_num_threads(threads);
  for (size_t i = 0; i < runs[0].results().size(); ++i) {
    for (const auto& run : runs) {
      EXPECT(same_bits(runs[0].results()[i].second, run.results()[i].second));
    }
  }
}

TEST(a_frozen_norm_hands_the_gradient_through) {
  auto from = Case({2, 6, 4, 4}, at::kFloat, 9).copy(false);
  from.weight.set_requires_grad(false);
  from.bias.set_requires_grad(false);
  const Norm norm{from.weight, from.bias, from.mean, from.variance, kMomentum, kEps};
  norm_act(from.x, norm, {}, false).backward(from.dy);
  const auto scale = (from.weight / (from.variance + kEps).sqrt()).reshape({1, -1, 1, 1});
  EXPECT_NEAR(from.dy * scale, from.x.grad(), 1e-5);
  EXPECT(!from.weight.grad().defined());
}

TEST(a_gradient_that_others_hold_is_left_alone) {
  const auto from = Case({2, 6, 4, 4}, at::kFloat, 9).copy(false);
  const auto before = from.dy.clone();
  const Norm norm{from.weight, from.bias, from.mean, from.variance, kMomentum, kEps};
  // The sum hands the very same gradient to both.
  (norm_act(from.x, norm, {}, true) + norm_act(from.x, norm, {}, true)).backward(from.dy);
  EXPECT(same_bits(before, from.dy));
  const auto once = run_fast(Case({2, 6, 4, 4}, at::kFloat, 9), kKinds[0], true);
  EXPECT_NEAR(once.x.grad() * 2, from.x.grad(), 1e-5);
}

TEST(a_number_that_is_none_shows) {
  auto from = Case({1, 3, 4, 4}, at::kFloat, 2);
  from.x.select(1, 1).fill_(std::numeric_limits<float>::quiet_NaN());
  for (const auto& kind : kKinds) {
    const auto y = run_fast(from, kind, false).y.detach();
    EXPECT(y.select(1, 1).isnan().all().item<bool>());
    EXPECT(!y.select(1, 0).isnan().any().item<bool>());
  }
}

}  // namespace
}  // namespace ssd
