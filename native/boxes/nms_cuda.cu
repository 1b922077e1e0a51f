#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#include <torch/library.h>

#include <algorithm>
#include <tuple>

#include "boxes/suppress.h"

namespace ssd {

namespace {

constexpr int kThreads = 256;
constexpr int kCandidates = 512;  // of a class; their bit matrix fills 32 KiB of shared memory
constexpr int kWords = kCandidates / 32;

// Sorts `count` keys in shared memory, a power of two, falling. All threads of a block take part.
__device__ void sort_falling(uint64_t* keys, int count) {
  for (int length = 2; length <= count; length *= 2) {
    for (int step = length / 2; step > 0; step /= 2) {
      __syncthreads();
      for (int i = threadIdx.x; i < count / 2; i += kThreads) {
        const int low = 2 * i - (i & (step - 1)), high = low + step;
        const bool falling = (low & length) == 0;
        const uint64_t a = keys[low], b = keys[high];
        if ((a < b) == falling) {
          keys[low] = b;
          keys[high] = a;
        }
      }
    }
  }
  __syncthreads();
}

// The k-th largest of the keys that are not 0, of which there are more than k: by radix, eight bits
// a pass from the highest down.
template <class KeyOf>
__device__ uint64_t kth_largest(const KeyOf& key_of, int n, int k) {
  __shared__ int histogram[256];
  __shared__ uint64_t chosen;
  __shared__ int wanted;
  if (threadIdx.x == 0) {
    chosen = 0;
    wanted = k;
  }
  for (int shift = 56; shift >= 0; shift -= 8) {
    histogram[threadIdx.x] = 0;
    __syncthreads();
    const uint64_t prefix = chosen;
    const uint64_t mask = shift == 56 ? 0 : ~uint64_t{0} << (shift + 8);
    for (int i = threadIdx.x; i < n; i += kThreads) {
      const uint64_t key = key_of(i);
      if (key != 0 && (key & mask) == prefix) {
        atomicAdd(&histogram[static_cast<int>(key >> shift) & 255], 1);
      }
    }
    __syncthreads();
    if (threadIdx.x == 0) {
      int bucket = 255, left = wanted;
      while (histogram[bucket] < left) left -= histogram[bucket--];
      wanted = left;
      chosen = prefix | static_cast<uint64_t>(bucket) << shift;
    }
    __syncthreads();
  }
  return chosen;
}

// The `k` largest of the keys that are not 0, falling, in shared memory for `capacity` >= k of
// them, a power of two; how many they are. No two keys are alike, so the outcome does not depend on
// the order in which threads come.
template <class KeyOf>
__device__ int largest(const KeyOf& key_of, int n, int k, uint64_t* out, int capacity) {
  __shared__ int there, taken;
  if (threadIdx.x == 0) there = taken = 0;
  __syncthreads();
  int own = 0;
  for (int i = threadIdx.x; i < n; i += kThreads) own += key_of(i) != 0 ? 1 : 0;
  atomicAdd(&there, own);
  for (int i = threadIdx.x; i < capacity; i += kThreads) out[i] = 0;
  __syncthreads();
  const uint64_t least = there > k ? kth_largest(key_of, n, k) : 1;
  for (int i = threadIdx.x; i < n; i += kThreads) {
    const uint64_t key = key_of(i);
    if (key >= least) out[atomicAdd(&taken, 1)] = key;
  }
  __syncthreads();
  const int count = taken;
  sort_falling(out, capacity);
  return count;
}

// What is kept of a class, as nms.h says it. One block a class (x) of a picture (y): its best
// candidates, which of them overlap which as bits, then one warp goes through them from the best
// on.
__global__ void suppress_kernel(const Corners<float>* boxes, const float* scores, int priors,
                                int columns, float least, float iou, int top_k, int most,
                                uint64_t* kept, int* counts) {
  __shared__ uint64_t keys[kCandidates];
  __shared__ uint32_t covered[kCandidates][kWords];
  const int64_t picture = blockIdx.y, unit = picture * gridDim.x + blockIdx.x;
  const float* const of_class = scores + picture * priors * columns + blockIdx.x + 1;
  const Corners<float>* const corners = boxes + picture * priors;
  const auto key_of = [=](int i) -> uint64_t {
    const float score = of_class[static_cast<int64_t>(i) * columns];
    return score >= least ? candidate_key(score, i) : 0;
  };
  const int count = largest(key_of, priors, top_k, keys, kCandidates);
  for (int i = threadIdx.x; i < count * kWords; i += kThreads) {
    const int better = i / kWords, word = i % kWords;
    const Corners<float> box = corners[index_of(keys[better])];
    uint32_t bits = 0;
    for (int other = max(better + 1, word * 32); other < min(count, word * 32 + 32); ++other) {
      const bool hit = overlaps(corners[index_of(keys[other])], box, iou);
      bits |= static_cast<uint32_t>(hit) << (other % 32);
    }
    covered[better][word] = bits;
  }
  __syncthreads();
  if (threadIdx.x >= 32) return;
  // Lane k holds bits 32 k to 32 k + 31 of those that are gone.
  uint32_t gone = 0;
  int left = 0;
  for (int i = 0; i < count && left < most; ++i) {
    if ((__shfl_sync(~0U, gone, i / 32) >> (i % 32) & 1) != 0) continue;
    if (threadIdx.x == 0) kept[unit * top_k + left] = keys[i];
    if (threadIdx.x < kWords) gone |= covered[i][threadIdx.x];
    ++left;
  }
  if (threadIdx.x == 0) counts[unit] = left;
}

__device__ float held(float value) {
  return value < 0 ? 0 : value > 1 ? 1 : value;
}

// The best of all classes of a picture, a block each: rows as Found has them.
__global__ void merge_kernel(const Corners<float>* boxes, const uint64_t* kept, const int* counts,
                             int priors, int classes, int top_k, int most, int rows, int capacity,
                             float* found, int* totals) {
  extern __shared__ uint64_t best[];
  const int64_t picture = blockIdx.x;
  kept += picture * classes * top_k;
  counts += picture * classes;
  const auto key_of = [=](int i) -> uint64_t {
    return i % top_k < counts[i / top_k] ? candidate_key(score_of(kept[i]), i) : 0;
  };
  const int count = largest(key_of, classes * top_k, min(most, rows), best, capacity);
  for (int i = threadIdx.x; i < count; i += kThreads) {
    const auto place = static_cast<int>(index_of(best[i]));
    const Corners<float> box = boxes[picture * priors + index_of(kept[place])];
    float* const row = found + (picture * rows + i) * 6;
    row[0] = held(box.x1);
    row[1] = held(box.y1);
    row[2] = held(box.x2);
    row[3] = held(box.y2);
    row[4] = score_of(best[i]);
    row[5] = static_cast<float>(place / top_k);
  }
  if (threadIdx.x == 0) totals[picture] = count;
}

std::tuple<at::Tensor, at::Tensor> detect_cuda(const at::Tensor& boxes, const at::Tensor& scores,
                                               double min_score, double iou, int64_t top_k,
                                               int64_t most, int64_t rows) {
  const c10::cuda::CUDAGuard guard(boxes.device());
  const auto batch = boxes.size(0), priors = boxes.size(1), classes = scores.size(2) - 1;
  auto found = at::zeros({batch, rows, 6}, boxes.options());
  auto totals = at::zeros({batch}, boxes.options().dtype(at::kInt));
  if (found.numel() == 0) return {found, totals};
  auto kept = at::empty({batch, classes, top_k}, boxes.options().dtype(at::kLong));
  auto counts = at::empty({batch, classes}, totals.options());
  const auto* const corners =
      reinterpret_cast<const Corners<float>*>(boxes.const_data_ptr<float>());
  auto* const keys = reinterpret_cast<uint64_t*>(kept.data_ptr<int64_t>());
  const auto stream = c10::cuda::getCurrentCUDAStream();
  const auto narrow = [](int64_t value) { return static_cast<int>(value); };
  const dim3 units(static_cast<uint32_t>(classes), static_cast<uint32_t>(batch));
  suppress_kernel<<<units, kThreads, 0, stream>>>(
      corners, scores.const_data_ptr<float>(), narrow(priors), narrow(classes) + 1,
      static_cast<float>(min_score), static_cast<float>(iou), narrow(top_k),
      narrow(std::min(most, top_k)), keys, counts.data_ptr<int>());
  C10_CUDA_KERNEL_LAUNCH_CHECK();
  int capacity = 2;
  while (capacity < rows) capacity *= 2;
  merge_kernel<<<static_cast<uint32_t>(batch), kThreads, capacity * sizeof(uint64_t), stream>>>(
      corners, keys, counts.const_data_ptr<int>(), narrow(priors), narrow(classes), narrow(top_k),
      narrow(std::min(most, rows)), narrow(rows), capacity, found.data_ptr<float>(),
      totals.data_ptr<int>());
  C10_CUDA_KERNEL_LAUNCH_CHECK();
  return {found, totals};
}

}  // namespace

TORCH_LIBRARY_IMPL(ssd_distill, CUDA, m) {
  m.impl("detect", &detect_cuda);
}

}  // namespace ssd
