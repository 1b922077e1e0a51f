#include "models/init.h"

#include <ATen/ops/zeros.h>

#include <cmath>

#include "tensors.h"

namespace ssd {
namespace {

at::Tensor started(at::IntArrayRef shape, Init init, uint64_t seed = 1,
                   const std::string& name = "conv.weight") {
  auto weight = at::zeros(shape);
  initialize(weight, init, seed, name);
  return weight;
}

TEST(the_numbers_depend_on_seed_and_name_alone) {
  for (const auto init : {Init::Kaiming, Init::Xavier, Init::Normal}) {
    const auto first = started({8, 4, 3, 3}, init);
    EXPECT(same_bits(first, started({8, 4, 3, 3}, init)));
    EXPECT(!same_bits(first, started({8, 4, 3, 3}, init, 2)));
    EXPECT(!same_bits(first, started({8, 4, 3, 3}, init, 1, "other.weight")));
  }
}

TEST(kaiming_is_normal_by_fan_out) {
  const auto weight = started({64, 32, 3, 3}, Init::Kaiming);
  const double deviation = std::sqrt(2.0 / (64 * 9));
  EXPECT_NEAR(0, weight.mean().item<double>(), deviation / 25);
  EXPECT_NEAR(deviation, weight.std().item<double>(), deviation / 50);
  // A normal has outliers, a uniform of this deviation ends at 1.73 of them.
  EXPECT(weight.abs().max().item<double>() > 3 * deviation);
}

TEST(xavier_is_uniform_by_both_fans) {
  const auto weight = started({64, 32, 3, 3}, Init::Xavier);
  const double bound = std::sqrt(6.0 / (9 * (64 + 32)));
  EXPECT_NEAR(0, weight.mean().item<double>(), bound / 25);
  EXPECT_NEAR(bound / std::sqrt(3), weight.std().item<double>(), bound / 50);
  EXPECT(weight.abs().max().item<double>() <= bound);
  EXPECT(weight.abs().max().item<double>() > 0.999 * bound);
}

TEST(normal_has_one_deviation_for_every_shape) {
  for (const int64_t size : {16, 64}) {
    const auto weight = started({size, 64, 3, 3}, Init::Normal);
    EXPECT_NEAR(0, weight.mean().item<double>(), 0.03 / 25);
    EXPECT_NEAR(0.03, weight.std().item<double>(), 0.03 / 50);
  }
}

TEST(a_depthwise_weight_has_the_fans_of_its_shape) {
  const auto weight = started({4096, 1, 3, 3}, Init::Kaiming);
  const double deviation = std::sqrt(2.0 / (4096 * 9));
  EXPECT_NEAR(deviation, weight.std().item<double>(), deviation / 50);
}

}  // namespace
}  // namespace ssd
