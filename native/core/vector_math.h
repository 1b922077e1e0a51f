#pragma once

#include <bit>
#include <cstdint>

#include "core/portable.h"

namespace ssd {

// exp and log that a loop over floats can be made vector code of: no branch, no call, the same bits
// on every machine without fused multiply-adds. The polynomials are those of Cephes (expf, logf):
// within 2 units in the last place. A NaN stays one.
// Of at most 1 or so; 0 under e^-87, where floats end.
SSD_INLINE float fast_exp(float x) {
  constexpr float kRound = 12582912.0F;  // 1.5 * 2^23: adding it rounds to an integer
  constexpr uint32_t kRoundBits = 0x4b400000U;
  const bool none = x < -87.0F;
  x = none ? -87.0F : x;
  const float rounded = x * 1.44269504088896341F + kRound;
  const float n = rounded - kRound;
  const float r = (x - n * 0.693359375F) - n * -2.12194440e-4F;
  float p = 1.9875691500e-4F;
  p = p * r + 1.3981999507e-3F;
  p = p * r + 8.3334519073e-3F;
  p = p * r + 4.1665795894e-2F;
  p = p * r + 1.6666665459e-1F;
  p = p * r + 5.0000001201e-1F;
  p = p * (r * r) + r + 1.0F;
  const uint32_t power = (std::bit_cast<uint32_t>(rounded) - kRoundBits + 127U) << 23U;
  return none ? 0.0F : p * std::bit_cast<float>(power);
}

// Of a positive normal number.
SSD_INLINE float fast_log(float x) {
  const auto bits = std::bit_cast<uint32_t>(x);
  float m = std::bit_cast<float>((bits & 0x007fffffU) | 0x3f000000U);  // [0.5, 1)
  auto e = static_cast<float>(static_cast<int32_t>(bits >> 23U) - 126);
  const bool small = m < 0.707106781186547524F;
  e = small ? e - 1.0F : e;
  m = small ? m + m - 1.0F : m - 1.0F;
  const float z = m * m;
  float p = 7.0376836292e-2F;
  p = p * m - 1.1514610310e-1F;
  p = p * m + 1.1676998740e-1F;
  p = p * m - 1.2420140846e-1F;
  p = p * m + 1.4249322787e-1F;
  p = p * m - 1.6668057665e-1F;
  p = p * m + 2.0000714765e-1F;
  p = p * m - 2.4999993993e-1F;
  p = p * m + 3.3333331174e-1F;
  const float low = p * m * z - 2.12194440e-4F * e - 0.5F * z;
  const float y = m + low + 0.693359375F * e;
  return x == x ? y : x;
}

}  // namespace ssd
