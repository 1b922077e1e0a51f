#pragma once

#include <cstdint>

#include "matching/mining.h"

namespace ssd {

constexpr int kMiningThreads = 512;

// What a block needs to find the hardest of a picture.
struct MiningMemory {
  int32_t histogram[2048];
  int32_t of_warp[kMiningThreads / 32];
  uint32_t prefix, mask;
  int64_t left;
};

// As `hardest` of mining.h, by a block: the cut is in prefix, how many equal to it count in left.
__device__ inline void find_cut(const uint32_t* keys, int32_t count, int64_t wanted,
                                MiningMemory& memory) {
  if (threadIdx.x == 0) {
    memory.prefix = wanted > 0 ? 0 : 0xffffffffU;
    memory.mask = 0;
    memory.left = wanted > 0 ? wanted : 0;
  }
  __syncthreads();
  if (wanted <= 0) return;
  const int shifts[] = {21, 10, 0}, widths[] = {11, 11, 10};
  for (int digit = 0; digit < 3; ++digit) {
    const uint32_t digits = 1U << widths[digit];
    for (auto i = static_cast<uint32_t>(threadIdx.x); i < digits; i += kMiningThreads) {
      memory.histogram[i] = 0;
    }
    __syncthreads();
    for (auto p = static_cast<int32_t>(threadIdx.x); p < count; p += kMiningThreads) {
      if ((keys[p] & memory.mask) != memory.prefix) continue;
      atomicAdd(&memory.histogram[(keys[p] >> shifts[digit]) & (digits - 1)], 1);
    }
    __syncthreads();
    if (threadIdx.x == 0) {
      uint32_t at = digits - 1;
      while (at > 0 && memory.histogram[at] < memory.left) memory.left -= memory.histogram[at--];
      memory.prefix |= at << shifts[digit];
      memory.mask |= (digits - 1) << shifts[digit];
    }
    __syncthreads();
  }
}

// How many of the block's threads before this one say yes, and how many do; every thread comes.
__device__ inline int32_t count_before(bool yes, MiningMemory& memory, int32_t& all) {
  const uint32_t ballot = __ballot_sync(0xffffffffU, yes);
  const int warp = static_cast<int>(threadIdx.x / 32), lane = static_cast<int>(threadIdx.x % 32);
  if (lane == 0) memory.of_warp[warp] = __popc(ballot);
  __syncthreads();
  int32_t before = 0;
  all = 0;
  for (int i = 0; i < kMiningThreads / 32; ++i) {
    if (i < warp) before += memory.of_warp[i];
    all += memory.of_warp[i];
  }
  __syncthreads();
  return before + __popc(ballot & ((1U << lane) - 1U));
}

// Lists the positives and the `wanted` hardest, by their numbers. Returns how many there are.
__device__ inline int32_t list_rows(const uint32_t* keys, const int32_t* truth, int32_t count,
                                    int64_t wanted, MiningMemory& memory, int32_t* listed) {
  find_cut(keys, count, wanted, memory);
  const uint32_t cut = memory.prefix;
  const int64_t equals = memory.left;
  int32_t seen = 0, rows = 0;
  for (int32_t from = 0; from < count; from += kMiningThreads) {
    const int32_t p = from + static_cast<int32_t>(threadIdx.x);
    const bool valid = p < count;
    const uint32_t key = valid ? keys[p] : 0;
    int32_t all = 0;
    const bool equal = valid && key == cut;
    const int32_t rank = seen + count_before(equal, memory, all);
    seen += all;
    const bool counts = valid && (key > cut || (equal && rank < equals) || truth[p] >= 0);
    const int32_t place = rows + count_before(counts, memory, all);
    rows += all;
    if (counts) listed[place] = p;
  }
  __syncthreads();
  return rows;
}

}  // namespace ssd
