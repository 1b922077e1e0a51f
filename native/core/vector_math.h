#pragma once

#include <bit>
#include <cstdint>

#include "core/eight.h"

namespace ssd {

// exp and log without a branch or a call, of one float or of eight at once; a loop over floats can
// be made vector code of. The same bits on every machine without fused multiply-adds. The
// polynomials are those of Cephes (expf, logf): within 2 units in the last place. A NaN stays one.
template <class V>
struct BitsOf;
template <>
struct BitsOf<float> {
  using type = uint32_t;
};
template <>
struct BitsOf<Eight> {
  using type = uint32_t __attribute__((vector_size(32)));
};

// Of at most 1 or so; 0 under e^-87, where floats end.
template <class V>
SSD_INLINE V fast_exp(V x) {
  using Bits = typename BitsOf<V>::type;
  constexpr float kRound = 12582912.0F;  // 1.5 * 2^23: adding it rounds to an integer
  constexpr uint32_t kRoundBits = 0x4b400000U;
  const V least = V{} - 87.0F;
  const auto none = x < least;
  x = none ? least : x;
  const V rounded = x * 1.44269504088896341F + kRound;
  const V n = rounded - kRound;
  const V r = (x - n * 0.693359375F) - n * -2.12194440e-4F;
  // In pairs: a chain of additions half as long.
  const V rr = r * r;
  V p = (r * 1.9875691500e-4F + 1.3981999507e-3F) * rr + (r * 8.3334519073e-3F + 4.1665795894e-2F);
  p = p * rr + (r * 1.6666665459e-1F + 5.0000001201e-1F);
  p = p * rr + r + 1.0F;
  const Bits power = (std::bit_cast<Bits>(rounded) - (kRoundBits - 127U)) << 23;
  return none ? V{} : p * std::bit_cast<V>(power);
}

// Of a positive normal number.
template <class V>
SSD_INLINE V fast_log(V x) {
  using Bits = typename BitsOf<V>::type;
  const auto bits = std::bit_cast<Bits>(x);
  V m = std::bit_cast<V>((bits & 0x007fffffU) | 0x3f000000U);  // [0.5, 1)
  // A float's bits grow by 2^23 with its exponent: 2^23 + exponent, as a float, without a
  // conversion.
  V e = std::bit_cast<V>((bits >> 23) | 0x4b000000U) - (8388608.0F + 126.0F);
  const auto small = m < V{} + 0.707106781186547524F;
  e = small ? e - 1.0F : e;
  m = small ? m + m - 1.0F : m - 1.0F;
  const V z = m * m;
  V p = m * 7.0376836292e-2F - 1.1514610310e-1F;
  p = p * m + 1.1676998740e-1F;
  p = p * m - 1.2420140846e-1F;
  p = p * m + 1.4249322787e-1F;
  p = p * m - 1.6668057665e-1F;
  p = p * m + 2.0000714765e-1F;
  p = p * m - 2.4999993993e-1F;
  p = p * m + 3.3333331174e-1F;
  const V low = p * m * z - 2.12194440e-4F * e - 0.5F * z;
  const V y = m + low + 0.693359375F * e;
  return x == x ? y : x;
}

}  // namespace ssd
