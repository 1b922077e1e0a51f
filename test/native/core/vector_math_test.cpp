#include "core/vector_math.h"

#include <cmath>
#include <limits>

#include "check.h"
#include "core/random.h"

namespace ssd {
namespace {

// Units in the last place between a float and what it should be.
double ulps(double exact, float got) {
  const auto nearest = static_cast<float>(exact);
  const float next = std::nextafter(std::abs(nearest), std::numeric_limits<float>::infinity());
  return std::abs(got - exact) / static_cast<double>(next - std::abs(nearest));
}

TEST(exp_is_within_two_units_where_a_softmax_asks) {
  Random random(1, 0, 0);
  double worst = 0;
  for (int i = 0; i < 200000; ++i) {
    const float x = random.uniform(-86.0F, 1.0F);
    worst = std::max(worst, ulps(std::exp(static_cast<double>(x)), fast_exp(x)));
  }
  EXPECT(worst < 2 && worst > 0.5);
  EXPECT_EQ(1.0F, fast_exp(0.0F));
}

TEST(exp_ends_at_nothing) {
  const float infinity = std::numeric_limits<float>::infinity();
  EXPECT(fast_exp(-87.0F) > 0 && fast_exp(-87.0F) < 2e-38F);
  EXPECT_EQ(0.0F, fast_exp(-87.1F));
  EXPECT_EQ(0.0F, fast_exp(-infinity));
  EXPECT(std::isnan(fast_exp(std::nanf(""))));
}

TEST(log_is_within_two_units_of_a_sum_of_a_softmax) {
  Random random(2, 0, 0);
  double worst = 0;
  for (int i = 0; i < 200000; ++i) {
    const float x = std::exp(random.uniform(0.1F, 80.0F));
    worst = std::max(worst, ulps(std::log(static_cast<double>(x)), fast_log(x)));
  }
  EXPECT(worst < 2 && worst > 0.5);
  // Near 1 what counts is the distance: a maximum is added.
  for (int i = 0; i < 1000; ++i) {
    const float x = random.uniform(1.0F, 1.2F);
    EXPECT_NEAR(std::log(static_cast<double>(x)), fast_log(x), 1e-7);
  }
  EXPECT_EQ(0.0F, fast_log(1.0F));
  EXPECT(std::isnan(fast_log(std::nanf(""))));
}

TEST(of_eight_at_once_the_bits_are_those_of_one) {
  Random random(3, 0, 0);
  const float nan = std::nanf(""), infinity = std::numeric_limits<float>::infinity();
  for (int i = 0; i < 2000; ++i) {
    float x[8], exps[8], logs[8];
    for (float& each : x) each = random.uniform(-90.0F, 1.0F);
    if (i == 0) x[2] = nan, x[5] = -infinity;
    Eight eight;
    load(x, eight);
    store(fast_exp(eight), exps);
    store(fast_log(eight * eight + 1e-3F), logs);
    for (int j = 0; j < 8; ++j) {
      EXPECT_EQ(std::bit_cast<uint32_t>(fast_exp(x[j])), std::bit_cast<uint32_t>(exps[j]));
      const float one = fast_log(x[j] * x[j] + 1e-3F);
      EXPECT_EQ(std::bit_cast<uint32_t>(one), std::bit_cast<uint32_t>(logs[j]));
    }
  }
}

}  // namespace
}  // namespace ssd
