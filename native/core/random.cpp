#include "core/random.h"

#include <cmath>
#include <numbers>

namespace ssd {

namespace {

using Block = std::array<uint32_t, 4>;

Block philox(Block counter, std::array<uint32_t, 2> key) {
  constexpr uint64_t kMultiply0 = 0xD2511F53, kMultiply1 = 0xCD9E8D57;
  constexpr uint32_t kWeyl0 = 0x9E3779B9, kWeyl1 = 0xBB67AE85;
  for (int round = 0; round < 10; ++round) {
    const uint64_t a = kMultiply0 * counter[0];
    const uint64_t b = kMultiply1 * counter[2];
    counter = {static_cast<uint32_t>(b >> 32) ^ counter[1] ^ key[0], static_cast<uint32_t>(b),
               static_cast<uint32_t>(a >> 32) ^ counter[3] ^ key[1], static_cast<uint32_t>(a)};
    key[0] += kWeyl0;
    key[1] += kWeyl1;
  }
  return counter;
}

}  // namespace

Random::Random(uint64_t seed, uint32_t stream, uint32_t index, uint32_t repeat)
    : key_{static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)},
      counter_{0, repeat, index, stream} {}

uint32_t Random::bits() {
  if (left_ == 0) {
    block_ = philox(counter_, key_);
    if (++counter_[0] == 0) ++counter_[1];
    left_ = 4;
  }
  return block_[static_cast<size_t>(--left_)];
}

float Random::uniform() {
  return static_cast<float>(bits() >> 8) * 0x1p-24F;
}

uint32_t Random::below(uint32_t n) {
  return static_cast<uint32_t>((static_cast<uint64_t>(bits()) * n) >> 32);
}

float Random::normal() {
  const float radius = std::sqrt(-2.0F * std::log(1.0F - uniform()));
  return radius * std::cos(2.0F * std::numbers::pi_v<float> * uniform());
}

uint32_t stream_of(const char* name) {
  uint32_t hash = 2166136261U;
  for (; *name != 0; ++name) hash = (hash ^ static_cast<uint8_t>(*name)) * 16777619U;
  return hash;
}

}  // namespace ssd
