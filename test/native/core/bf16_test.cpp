#include "core/bf16.h"

#include <limits>

#include "check.h"

namespace ssd {
namespace {

TEST(numbers_round_as_those_of_c10) {
  // All that a float's upper bits can be, with lower bits below, at and above a half.
  for (uint32_t high = 0; high < 1U << 16; high += 7) {
    for (const uint32_t low : {0U, 1U, 0x7FFFU, 0x8000U, 0x8001U, 0xFFFFU}) {
      const auto value = std::bit_cast<float>(high << 16 | low);
      const c10::BFloat16 expected(value);
      EXPECT_EQ(expected.x, narrow<c10::BFloat16>(value).x);
      if (value == value) EXPECT_EQ(static_cast<float>(expected), widen(expected));
    }
  }
}

TEST(what_is_no_number_stays_none) {
  const auto none = std::numeric_limits<float>::quiet_NaN();
  EXPECT(widen(narrow<c10::BFloat16>(none)) != widen(narrow<c10::BFloat16>(none)));
}

}  // namespace
}  // namespace ssd
