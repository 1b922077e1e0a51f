#pragma once

#include <ATen/Parallel.h>

#include <algorithm>
#include <cstdint>

namespace ssd {

// A map's rows [rows, C] cut into blocks that depend on its shape alone, so that sums over the
// blocks, in their order, do not depend on how many threads there are. A block and its gradient fit
// the second cache.
struct Blocks {
  Blocks(int64_t rows, int64_t channels)
      : rows(rows), size(std::max<int64_t>(kRows, kElements / std::max<int64_t>(1, channels))) {}

  int64_t count() const { return (rows + size - 1) / size; }

  // f(block, first row, number of rows), from the last block to the first: what was read last is
  // still in the cache.
  template <class F>
  void each(F f) const {
    const auto total = count();
    at::parallel_for(0, total, 1, [&](int64_t from, int64_t to) {
      for (auto b = to - 1; b >= from; --b) f(b, b * size, std::min(size, rows - b * size));
    });
  }

  static constexpr int64_t kElements = 1 << 14, kRows = 32;
  int64_t rows, size;
};

}  // namespace ssd
