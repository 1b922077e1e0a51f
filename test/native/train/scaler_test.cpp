#include "train/scaler.h"

#include <cmath>
#include <limits>

#include "tensors.h"

namespace ssd {
namespace {

const at::Tensor kGood = floats({1}, {0}), kBad = floats({1}, {1});

double scale(const Scaler& scaler) {
  return scaler.scale().item<double>();
}

TEST(it_begins_as_pytorchs_does) {
  const Scaler scaler({}, at::kCPU);
  EXPECT_EQ(65536, scale(scaler));
  EXPECT_EQ(0, scaler.state().at("good_steps").item<int64_t>());
}

TEST(gradients_are_divided_in_place) {
  const Scaler scaler({.start = 1024}, at::kCPU);
  std::vector<at::Tensor> grads{floats({2}, {1024, -512}), floats({1, 1}, {3 * 1024})};
  EXPECT_NEAR(0, scaler.unscale(grads), 0);
  EXPECT_NEAR((std::vector<double>{1, -0.5}), grads[0], 0);
  EXPECT_NEAR(3, grads[1], 0);
  EXPECT_NEAR(0, scaler.unscale({}), 0);
}

TEST(one_that_is_not_finite_is_found) {
  for (const double bad : {std::nan(""), std::numeric_limits<double>::infinity(),
                           -std::numeric_limits<double>::infinity()}) {
    const Scaler scaler({}, at::kCPU);
    EXPECT_NEAR(1, scaler.unscale({floats({2}, {1, 2}), floats({3}, {1, bad, 2})}), 0);
  }
}

TEST(it_halves_at_an_overflow_and_doubles_after_enough_good_steps_in_a_row) {
  Scaler scaler({.start = 8, .interval = 3}, at::kCPU);
  const auto after = [&](const at::Tensor& found) {
    scaler.update(found);
    return scale(scaler);
  };
  EXPECT_EQ(4, after(kBad));
  EXPECT_EQ(4, after(kGood));
  EXPECT_EQ(4, after(kGood));
  EXPECT_EQ(2, after(kBad));  // the count begins anew
  EXPECT_EQ(2, after(kGood));
  EXPECT_EQ(2, after(kGood));
  EXPECT_EQ(4, after(kGood));
  EXPECT_EQ(4, after(kGood));
  EXPECT_EQ(4, after(kGood));
  EXPECT_EQ(8, after(kGood));
}

TEST(a_state_that_was_saved_goes_on) {
  Scaler scaler({.interval = 3}, at::kCPU), resumed({.interval = 3}, at::kCPU);
  for (const auto& found : {kBad, kGood, kGood}) scaler.update(found);
  auto slots = resumed.state();
  EXPECT_EQ(2, slots.size());
  for (const auto& [name, value] : scaler.state()) slots.at(name).copy_(value);
  for (auto* one : {&scaler, &resumed}) one->update(kGood);
  EXPECT_EQ(65536, scale(scaler));
  EXPECT_EQ(scale(scaler), scale(resumed));
}

}  // namespace
}  // namespace ssd
