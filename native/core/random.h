#pragma once

#include <array>
#include <cstdint>

namespace ssd {

// Counter-based generator: Philox 4x32 with ten rounds (Salmon et al., SC 2011). A draw is a pure
// function of (seed, stream, index, number of the draw), so the result does not depend on threads,
// on workers or on what was drawn for other pictures.
class Random {
 public:
  // `repeat` tells draws apart that are made for the same index again.
  Random(uint64_t seed, uint32_t stream, uint32_t index, uint32_t repeat = 0);

  uint32_t bits();
  // In [0, 1), 24 bits.
  float uniform();
  float uniform(float low, float high) { return low + (high - low) * uniform(); }
  // In [0, n).
  uint32_t below(uint32_t n);
  bool coin() { return (bits() & 1U) != 0; }
  // Standard normal (Box-Muller).
  float normal();

 private:
  std::array<uint32_t, 2> key_;
  std::array<uint32_t, 4> counter_;
  std::array<uint32_t, 4> block_{};
  int left_ = 0;
};

// A 32-bit stream number from a name (FNV-1a), so that a tensor's start depends on its name alone.
uint32_t stream_of(const char* name);

}  // namespace ssd
