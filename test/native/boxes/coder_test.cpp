#include "boxes/coder.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/zeros.h>

#include <cmath>

#include "boxes/box.h"
#include "core/error.h"
#include "tensors.h"

namespace ssd {
namespace {

constexpr Variances kVariances{0.1, 0.2};

at::Tensor priors() {
  return doubles({3, 4}, {0.5, 0.5, 0.2, 0.4, 0.25, 0.75, 0.1, 0.1, 0.5, 0.5, 1, 0.5});
}

TEST(encode_by_hand) {
  // 0.04 to the right of a prior 0.2 wide, and twice as wide.
  const auto truth = to_corners(doubles({1, 4}, {0.54, 0.5, 0.4, 0.4}));
  const auto loc = encode(truth, priors().narrow(0, 0, 1), kVariances);
  EXPECT_NEAR((std::vector<double>{0.04 / (0.1 * 0.2), 0, std::log(2) / 0.2, 0}), loc, 1e-13);
}

TEST(variances_scale_their_halves) {
  const auto truth = random_boxes(3, 1);
  const auto plain = encode(truth, priors(), {1, 1});
  const auto scaled = encode(truth, priors(), {0.5, 0.25});
  EXPECT_NEAR(plain.narrow(-1, 0, 2) * 2, scaled.narrow(-1, 0, 2), 1e-12);
  EXPECT_NEAR(plain.narrow(-1, 2, 2) * 4, scaled.narrow(-1, 2, 2), 1e-12);
}

TEST(zero_offsets_are_the_prior_itself) {
  const auto zeros = at::zeros({3, 4}, at::kDouble);
  EXPECT_NEAR(to_corners(priors()), decode(zeros, priors(), kVariances), 1e-15);
  EXPECT_NEAR(zeros, encode(to_corners(priors()), priors(), kVariances), 1e-14);
}

TEST(decode_is_the_inverse_of_encode) {
  const auto truths = random_boxes(30, 5).reshape({2, 5, 3, 4});
  const auto loc = encode(truths, priors(), kVariances);
  EXPECT_EQ(truths.sizes().vec(), loc.sizes().vec());
  EXPECT_NEAR(truths, decode(loc, priors(), kVariances), 1e-12);
  const auto offsets = noise({2, 3, 4}, 7);
  EXPECT_NEAR(offsets, encode(decode(offsets, priors(), kVariances), priors(), kVariances), 1e-12);
}

TEST(a_clip_bounds_the_growth_of_a_side_and_nothing_else) {
  // Offsets of 10 ask for e^2 times the prior's side; a clip of ln 2 allows twice.
  const auto loc = doubles({1, 4}, {1, -1, 10, -10});
  const auto prior = priors().narrow(0, 0, 1);
  const double free = std::exp(2), shrunk = 0.4 * std::exp(-2);
  const auto box = [&](double width) {
    return to_corners(doubles({1, 4}, {0.52, 0.46, width, shrunk}));
  };
  EXPECT_NEAR(box(0.2 * free), decode(loc, prior, kVariances), 1e-12);
  EXPECT_NEAR(box(0.4), decode(loc, prior, kVariances, std::log(2)), 1e-12);
  // It bounds what is left after the variance: 2, not 10.
  EXPECT_NEAR(box(0.2 * free), decode(loc, prior, kVariances, 2.5), 1e-12);
}

TEST(single_precision_comes_back_within_its_own) {
  const auto truths = random_boxes(3, 9).to(at::kFloat);
  const auto grid = priors().to(at::kFloat);
  const auto back = decode(encode(truths, grid, kVariances), grid, kVariances);
  EXPECT(back.scalar_type() == at::kFloat);
  EXPECT_NEAR(truths, back, 2e-6);
}

TEST(wrong_shapes_and_types_throw) {
  EXPECT_THROWS(Code::BadOption, encode(random_boxes(2, 1), priors(), kVariances));
  EXPECT_THROWS(Code::BadOption, decode(noise({3, 5}, 1), priors(), kVariances));
  EXPECT_THROWS(Code::BadOption, decode(noise({4}, 1), priors(), kVariances));
  EXPECT_THROWS(Code::BadOption, encode(random_boxes(3, 1), noise({3, 5}, 1), kVariances));
  EXPECT_THROWS(Code::BadOption, encode(longs({1, 4}, {0, 0, 1, 1}), noise({1, 4}, 1), kVariances));
}

}  // namespace
}  // namespace ssd
