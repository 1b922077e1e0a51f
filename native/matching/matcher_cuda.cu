#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#include <torch/library.h>

#include <tuple>

#include "boxes/box_math.h"
#include "core/error.h"

namespace ssd {

namespace {

constexpr int kThreads = 512;
constexpr unsigned kWarp = 0xffffffffU;
using Key = unsigned long long;

// A pair as a number: the higher IoU is the higher one, of equals the lower prior. No pair is 0.
__device__ Key key_of(uint32_t iou_bits, int32_t prior) {
  return (static_cast<Key>(iou_bits) << 32U) | (0xffffffffU - static_cast<uint32_t>(prior));
}
__device__ int32_t prior_of(Key key) {
  return static_cast<int32_t>(0xffffffffU - static_cast<uint32_t>(key));
}

struct Scene {
  const float* boxes;     // [G, 4]
  const int64_t* labels;  // [G]
  const float* priors;    // [P, 4]
  int32_t truths, count;

  __device__ Corners<float> box(int32_t g) const {
    const float* const b = boxes + 4 * g;
    return {b[0], b[1], b[2], b[3]};
  }
};

// Memory of a block: of each truth its best pair, and who holds a prior; of each prior, a bit.
struct Shared {
  Key* best;
  int32_t* held;
  uint32_t* taken;

  __device__ bool is_taken(int32_t p) const { return (taken[p >> 5] >> (p & 31)) & 1U; }
};

// The best of a truth over the priors of a warp, put into `best`; every thread of the warp comes.
__device__ void offer(Key* best, float iou, int32_t prior, bool valid) {
  const uint32_t bits = valid ? __float_as_uint(iou) : 0;
  const uint32_t most = __reduce_max_sync(kWarp, bits);
  const uint32_t equal = __ballot_sync(kWarp, valid && bits == most);
  const int lane = static_cast<int>(threadIdx.x % 32);
  if (equal != 0 && lane == __ffs(static_cast<int>(equal)) - 1) {
    atomicMax(best, key_of(bits, prior));
  }
}

// Every prior with every truth: each prior's best truth when it is over the threshold.
__device__ void overlap_all(const Scene& scene, float threshold, Shared shared, int32_t* truth) {
  for (int32_t from = 0; from < scene.count; from += kThreads) {
    const int32_t p = from + static_cast<int32_t>(threadIdx.x);
    const bool valid = p < scene.count;
    const auto prior = corners_of(scene.priors + 4 * (valid ? p : 0));
    const float area = area_of(prior);
    float best = -1;
    int32_t whose = -1;
    for (int32_t g = 0; g < scene.truths; ++g) {
      if (scene.labels[g] < 0) continue;
      const auto box = scene.box(g);
      const float iou = jaccard_of(box, area_of(box), prior, area);
      if (iou > best) {
        best = iou;
        whose = g;
      }
      offer(shared.best + g, iou, p, valid);
    }
    if (valid) truth[p] = best >= threshold ? whose : -1;
  }
  __syncthreads();
}

// The last truth wins.
__device__ void own_last(const Scene& scene, Shared shared, int32_t* truth) {
  for (auto g = static_cast<int32_t>(threadIdx.x); g < scene.truths; g += kThreads) {
    if (shared.best[g] == 0) continue;
    const int32_t prior = prior_of(shared.best[g]);
    bool last = true;
    for (int32_t other = g + 1; other < scene.truths; ++other) {
      last = last && (shared.best[other] == 0 || prior_of(shared.best[other]) != prior);
    }
    if (last) truth[prior] = g;
  }
}

// The best pair of what is left, as often as there are truths and priors; the lower truth of
// equals.
__device__ void own_greedily(const Scene& scene, Shared shared, int32_t* truth) {
  __shared__ int32_t chosen;
  for (;;) {
    if (threadIdx.x == 0) {
      chosen = -1;
      uint32_t most = 0;
      for (int32_t g = 0; g < scene.truths; ++g) {
        const auto iou = static_cast<uint32_t>(shared.best[g] >> 32U);
        if (shared.best[g] == 0 || (chosen >= 0 && iou <= most)) continue;
        most = iou;
        chosen = g;
      }
      if (chosen >= 0) {
        const int32_t prior = prior_of(shared.best[chosen]);
        truth[prior] = chosen;
        shared.taken[prior >> 5] |= 1U << (prior & 31);
        shared.best[chosen] = 0;
      }
    }
    __syncthreads();
    if (chosen < 0) return;
    for (int32_t g = 0; g < scene.truths; ++g) {
      const Key before = shared.best[g];
      const bool again = before != 0 && shared.is_taken(prior_of(before));
      __syncthreads();
      if (!again) continue;
      if (threadIdx.x == 0) shared.best[g] = 0;
      __syncthreads();
      const auto box = scene.box(g);
      for (int32_t from = 0; from < scene.count; from += kThreads) {
        const int32_t p = from + static_cast<int32_t>(threadIdx.x);
        const bool valid = p < scene.count && !shared.is_taken(p);
        const auto prior = corners_of(scene.priors + 4 * (valid ? p : 0));
        offer(shared.best + g, jaccard_of(box, area_of(box), prior, area_of(prior)), p, valid);
      }
      __syncthreads();
    }
  }
}

// A block a picture: the only launch of a batch.
__global__ void match_kernel(Scene scene, float threshold, bool greedy, int32_t* truth,
                             int32_t* positives, int32_t* unmatched) {
  extern __shared__ Key memory[];
  const auto picture = static_cast<int64_t>(blockIdx.x);
  scene.boxes += picture * scene.truths * 4;
  scene.labels += picture * scene.truths;
  truth += picture * scene.count;
  auto* const held = reinterpret_cast<int32_t*>(memory + scene.truths);
  const Shared shared{memory, held, reinterpret_cast<uint32_t*>(held + scene.truths)};
  __shared__ int32_t found, left;
  for (auto g = static_cast<int32_t>(threadIdx.x); g < scene.truths; g += kThreads) {
    shared.best[g] = 0;
    shared.held[g] = 0;
  }
  for (auto i = static_cast<int32_t>(threadIdx.x); i * 32 < scene.count; i += kThreads) {
    shared.taken[i] = 0;
  }
  if (threadIdx.x == 0) found = left = 0;
  __syncthreads();
  overlap_all(scene, threshold, shared, truth);
  if (greedy) {
    own_greedily(scene, shared, truth);
  } else {
    own_last(scene, shared, truth);
  }
  __syncthreads();
  int32_t own = 0;
  for (auto p = static_cast<int32_t>(threadIdx.x); p < scene.count; p += kThreads) {
    if (truth[p] < 0) continue;
    shared.held[truth[p]] = 1;
    ++own;
  }
  atomicAdd(&found, own);
  __syncthreads();
  for (auto g = static_cast<int32_t>(threadIdx.x); g < scene.truths; g += kThreads) {
    if (scene.labels[g] >= 0 && shared.held[g] == 0) atomicAdd(&left, 1);
  }
  __syncthreads();
  if (threadIdx.x != 0) return;
  positives[picture] = found;
  unmatched[picture] = left;
}

__global__ void encode_kernel(Scene scene, const int32_t* truth, float v0, float v1, int64_t total,
                              float* loc, int32_t* classes) {
  const auto row = static_cast<int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (row >= total) return;
  float offsets[4] = {0, 0, 0, 0};
  classes[row] = 0;
  if (truth[row] >= 0) {
    const int64_t g = row / scene.count * scene.truths + truth[row];
    classes[row] = static_cast<int32_t>(scene.labels[g]) + 1;
    encode_of(scene.boxes + 4 * g, scene.priors + 4 * (row % scene.count), v0, v1, offsets);
  }
  for (int k = 0; k < 4; ++k) loc[4 * row + k] = offsets[k];
}

Scene scene_of(const at::Tensor& boxes, const at::Tensor& labels, const at::Tensor& priors) {
  if (priors.scalar_type() != at::kFloat) {
    throw Error(Code::BadOption, std::string("match: expected float32 priors on a GPU, got ") +
                                     c10::toString(priors.scalar_type()));
  }
  return {boxes.const_data_ptr<float>(), labels.const_data_ptr<int64_t>(),
          priors.const_data_ptr<float>(), static_cast<int32_t>(boxes.size(1)),
          static_cast<int32_t>(priors.size(0))};
}

std::tuple<at::Tensor, at::Tensor, at::Tensor> match_cuda(const at::Tensor& boxes,
                                                          const at::Tensor& labels,
                                                          const at::Tensor& priors,
                                                          double threshold, bool greedy) {
  const c10::cuda::CUDAGuard guard(boxes.device());
  const auto scene = scene_of(boxes, labels, priors);
  const int64_t batch = boxes.size(0);
  const auto options = priors.options().dtype(at::kInt);
  auto truth = at::empty({batch, scene.count}, options);
  auto positives = at::empty({batch}, options), unmatched = at::empty({batch}, options);
  if (batch == 0) return {truth, positives, unmatched};
  const size_t bytes = static_cast<size_t>(scene.truths) * (sizeof(Key) + sizeof(int32_t)) +
                       static_cast<size_t>(scene.count + 31) / 32 * sizeof(uint32_t);
  // More than a block has by itself must be asked for.
  if (bytes > 48U * 1024U) {
    C10_CUDA_CHECK(cudaFuncSetAttribute(match_kernel, cudaFuncAttributeMaxDynamicSharedMemorySize,
                                        static_cast<int>(bytes)));
  }
  match_kernel<<<static_cast<uint32_t>(batch), kThreads, bytes,
                 c10::cuda::getCurrentCUDAStream()>>>(
      scene, static_cast<float>(threshold), greedy, truth.mutable_data_ptr<int32_t>(),
      positives.mutable_data_ptr<int32_t>(), unmatched.mutable_data_ptr<int32_t>());
  C10_CUDA_KERNEL_LAUNCH_CHECK();
  return {truth, positives, unmatched};
}

std::tuple<at::Tensor, at::Tensor> encode_cuda(const at::Tensor& truth, const at::Tensor& boxes,
                                               const at::Tensor& labels, const at::Tensor& priors,
                                               double v0, double v1) {
  const c10::cuda::CUDAGuard guard(boxes.device());
  const auto scene = scene_of(boxes, labels, priors);
  const int64_t batch = boxes.size(0), rows = batch * scene.count;
  auto loc = at::empty({batch, scene.count, 4}, priors.options());
  auto classes = at::empty({batch, scene.count}, priors.options().dtype(at::kInt));
  if (rows == 0) return {loc, classes};
  encode_kernel<<<static_cast<uint32_t>((rows + kThreads - 1) / kThreads), kThreads, 0,
                  c10::cuda::getCurrentCUDAStream()>>>(
      scene, truth.const_data_ptr<int32_t>(), static_cast<float>(v0), static_cast<float>(v1), rows,
      loc.mutable_data_ptr<float>(), classes.mutable_data_ptr<int32_t>());
  C10_CUDA_KERNEL_LAUNCH_CHECK();
  return {loc, classes};
}

}  // namespace

TORCH_LIBRARY_IMPL(ssd_distill, CUDA, m) {
  m.impl("match", &match_cuda);
  m.impl("encode_matched", &encode_cuda);
}

}  // namespace ssd
