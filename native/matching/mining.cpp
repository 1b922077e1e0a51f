#include "matching/mining.h"

#include <array>

namespace ssd {

namespace {

struct Digit {
  uint32_t shift, bits;
};
constexpr std::array<Digit, 3> kDigits{{{21, 11}, {10, 11}, {0, 10}}};

}  // namespace

// Radix select: which digit the count-th key begins with, then which its second is, and so on. No
// more than three looks at the keys, where a sort needs thirteen.
Cut hardest(const uint32_t* keys, int64_t priors, int64_t count) {
  if (count <= 0) return {0xffffffffU, 0};
  uint32_t prefix = 0, mask = 0;
  for (const auto& [shift, bits] : kDigits) {
    const uint32_t digits = 1U << bits;
    std::array<int32_t, 1U << 11U> histogram{};
    for (int64_t p = 0; p < priors; ++p) {
      if ((keys[p] & mask) == prefix) ++histogram[(keys[p] >> shift) & (digits - 1)];
    }
    uint32_t digit = digits - 1;
    while (digit > 0 && histogram[digit] < count) count -= histogram[digit--];
    prefix |= digit << shift;
    mask |= (digits - 1) << shift;
  }
  return {prefix, count};
}

}  // namespace ssd
