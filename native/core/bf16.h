#pragma once

#include <c10/util/BFloat16.h>

#include <bit>
#include <cstdint>

namespace ssd {

// Numbers in memory as the floats they are computed in, and back. c10's own conversions have a
// branch, which keeps loops from becoming vector code.
inline float widen(float value) {
  return value;
}
inline float widen(c10::BFloat16 value) {
  return std::bit_cast<float>(static_cast<uint32_t>(value.x) << 16);
}

template <class T>
T narrow(float value);
template <>
inline float narrow<float>(float value) {
  return value;
}
// To the nearest, ties to even; a NaN stays one.
template <>
inline c10::BFloat16 narrow<c10::BFloat16>(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  const auto near = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16;
  const auto out = value != value ? 0x7FC0 : near;
  return {static_cast<uint16_t>(out), c10::BFloat16::from_bits()};
}

}  // namespace ssd
