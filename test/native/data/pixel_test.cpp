#include "data/pixel.h"

#include <algorithm>
#include <cmath>

#include "check.h"
#include "core/random.h"

namespace ssd {
namespace {

TEST(an_output_as_wide_as_the_view_takes_its_pixels) {
  for (int32_t i = 0; i < 5; ++i) {
    const auto at = tap(3, 5, 5, i, false);
    EXPECT_EQ(3 + i, at.low);
    EXPECT_EQ(0.0F, at.weight);
    EXPECT_EQ(at.low, tap(3, 5, 5, 4 - i, true).low);
  }
}

TEST(taps_are_the_two_pixels_around_the_centre) {
  Random random(1, 0, 0);
  for (int i = 0; i < 2000; ++i) {
    const double start = random.uniform(-500, 500), extent = random.uniform(1, 2000);
    const auto count = static_cast<int32_t>(1 + random.below(600));
    const auto place = static_cast<int32_t>(random.below(static_cast<uint32_t>(count)));
    const auto at = tap(start, extent, count, place, false);
    const double centre = start + (place + 0.5) * extent / count - 0.5;
    const double first = std::floor(start), last = std::ceil(start + extent) - 1;
    EXPECT_EQ(std::clamp(std::floor(centre), first, last), static_cast<double>(at.low));
    EXPECT_EQ(std::clamp(std::floor(centre) + 1, first, last), static_cast<double>(at.high));
    EXPECT_NEAR(centre - std::floor(centre), at.weight, 1e-6);
  }
}

}  // namespace
}  // namespace ssd
