#pragma once

#include <cstdint>
#include <cstring>

#include "core/portable.h"

namespace ssd {

// Eight floats at once, for what the compiler makes no vector code of by itself; it splits them
// where the machine's vectors are shorter.
using Eight = float __attribute__((vector_size(32)));

SSD_INLINE void load(const float* from, Eight& to) {
  std::memcpy(&to, from, sizeof(to));
}
SSD_INLINE void store(const Eight& value, float* to) {
  std::memcpy(to, &value, sizeof(value));
}

// The entries of a (0 to 7) and b (8 to 15) in the order given; GCC has Clang's name for it
// from 12.
#if defined(__clang__) || __GNUC__ >= 12
#define SSD_SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
using EightPlaces = int32_t __attribute__((vector_size(32)));
#define SSD_SHUFFLE(a, b, ...) __builtin_shuffle(a, b, EightPlaces{__VA_ARGS__})
#endif

// Eight columns of eight rows that lie `stride` apart: one a column.
SSD_INLINE void turn_eight(const float* rows, int64_t stride, Eight* columns) {
  Eight pairs[8], fours[8];
  for (int i = 0; i < 8; i += 2) {
    Eight a, b;
    load(rows + i * stride, a);
    load(rows + (i + 1) * stride, b);
    pairs[i] = SSD_SHUFFLE(a, b, 0, 8, 1, 9, 4, 12, 5, 13);
    pairs[i + 1] = SSD_SHUFFLE(a, b, 2, 10, 3, 11, 6, 14, 7, 15);
  }
  for (int i = 0; i < 8; i += 4) {
    for (int j = 0; j < 2; ++j) {
      const Eight a = pairs[i + j], b = pairs[i + j + 2];
      fours[i + 2 * j] = SSD_SHUFFLE(a, b, 0, 1, 8, 9, 4, 5, 12, 13);
      fours[i + 2 * j + 1] = SSD_SHUFFLE(a, b, 2, 3, 10, 11, 6, 7, 14, 15);
    }
  }
  for (int i = 0; i < 4; ++i) {
    const Eight a = fours[i], b = fours[i + 4];
    columns[i] = SSD_SHUFFLE(a, b, 0, 1, 2, 3, 8, 9, 10, 11);
    columns[i + 4] = SSD_SHUFFLE(a, b, 4, 5, 6, 7, 12, 13, 14, 15);
  }
}

}  // namespace ssd
