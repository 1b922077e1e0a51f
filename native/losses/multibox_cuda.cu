#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/zeros_like.h>
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#include <c10/util/BFloat16.h>
#include <c10/util/Half.h>
#include <torch/library.h>

#include <algorithm>
#include <optional>
#include <tuple>

#include "core/error.h"
#include "losses/rows.cuh"
#include "matching/mining.cuh"

namespace ssd {

namespace {

using at::Tensor;

// A batch as plain memory.
template <class T>
struct Batch {
  const T *loc, *conf, *teacher_loc, *teacher_conf;
  const int32_t *truth, *positives;
  const float* boxes;
  const int64_t* labels;
  const float* priors;
  int32_t pictures, count, classes, truths;
  T *grad_loc, *grad_conf;
};

// Logits once: each row's cross-entropy with the background as a key to mine by. A block stages its
// rows, so that what threads read lies side by side.
template <class T>
__global__ void key_kernel(Batch<T> batch, int32_t rows_a_block, bool article, uint32_t* keys) {
  extern __shared__ float staged[];
  const int64_t total = static_cast<int64_t>(batch.pictures) * batch.count;
  const int64_t first = static_cast<int64_t>(blockIdx.x) * rows_a_block;
  const auto rows = static_cast<int32_t>(min(static_cast<int64_t>(rows_a_block), total - first));
  const T* const from = batch.conf + first * batch.classes;
  for (auto i = static_cast<int32_t>(threadIdx.x); i < rows * batch.classes; i += blockDim.x) {
    staged[i] = static_cast<float>(from[i]);
  }
  __syncthreads();
  for (auto r = static_cast<int32_t>(threadIdx.x); r < rows; r += blockDim.x) {
    const float* const row = staged + r * batch.classes;
    float most = row[0], sum = 0;
    for (int32_t c = 1; c < batch.classes; ++c) most = fmaxf(most, row[c]);
    for (int32_t c = 0; c < batch.classes; ++c) sum += expf(row[c] - most);
    // fmaxf passes over what is no number; the sum does not.
    const float ce = logf(sum) + (most - row[0]);
    const bool positive = batch.truth[first + r] >= 0;
    keys[first + r] = !positive ? order_of(__float_as_uint(ce)) : article ? order_of(0) : 0;
  }
}

// A block a picture: finds the hardest, then a warp a row that counts.
template <class T>
__global__ void loss_kernel(Batch<T> batch, LossSettings settings, uint32_t* keys, int32_t* listed,
                            Sums* sums) {
  __shared__ MiningMemory memory;
  __shared__ Sums of_warp[kMiningThreads / 32];
  __shared__ int32_t all;
  const auto picture = static_cast<int64_t>(blockIdx.x);
  const int64_t first = picture * batch.count;
  int32_t own = 0;
  if (threadIdx.x == 0) all = 0;
  __syncthreads();
  for (auto b = static_cast<int32_t>(threadIdx.x); b < batch.pictures; b += kMiningThreads) {
    own += batch.positives[b];
  }
  atomicAdd(&all, own);
  __syncthreads();
  const float over_n = 1.0F / static_cast<float>(max(all, 1));
  const int64_t wanted = negatives_wanted(batch.positives[picture], batch.count, settings.mining);
  const int32_t rows =
      list_rows(keys + first, batch.truth + first, batch.count, wanted, memory, listed + first);
  const int warp = static_cast<int>(threadIdx.x / 32), lane = static_cast<int>(threadIdx.x % 32);
  Sums mine{};
  for (int32_t i = warp; i < rows; i += kMiningThreads / 32) {
    const int64_t p = listed[first + i], row = first + p;
    const int32_t truth = batch.truth[row];
    const int64_t g = picture * batch.truths + truth;
    const auto target = truth < 0 ? 0 : static_cast<int32_t>(batch.labels[g]) + 1;
    const int64_t at = row * batch.classes;
    const T* const teacher = batch.teacher_conf == nullptr ? nullptr : batch.teacher_conf + at;
    class_terms(batch.conf + at, teacher, batch.classes, target, settings.kd, over_n, lane, mine,
                batch.grad_conf + at);
    if (truth < 0 || lane != 0) continue;
    const T* const taught = batch.teacher_loc == nullptr ? nullptr : batch.teacher_loc + 4 * row;
    offset_terms(batch.loc + 4 * row, taught, batch.boxes + 4 * g, batch.priors + 4 * p, settings,
                 over_n, mine, batch.grad_loc + 4 * row);
  }
  if (lane == 0) of_warp[warp] = mine;
  __syncthreads();
  if (threadIdx.x != 0) return;
  // In order, so that a step is the same each time.
  Sums total{};
  for (const auto& part : of_warp) total.add(part);
  sums[picture] = total;
}

__global__ void sum_kernel(const Sums* sums, const int32_t* positives, int32_t pictures,
                           KdOptions kd, bool teaches, float* terms, int32_t* found) {
  Sums all{};
  int32_t count = 0;
  for (int32_t b = 0; b < pictures; ++b) {
    all.add(sums[b]);
    count += positives[b];
  }
  const double n = max(count, 1);
  const double values[] = {objective_of(all, kd, teaches), all.conf, all.loc, all.soft, all.l2};
  for (int i = 0; i < 5; ++i) terms[i] = static_cast<float>(values[i] / n);
  *found = count;
}

template <class T>
void launch(const Batch<T>& batch, const LossSettings& settings, Tensor& terms, Tensor& found) {
  const auto stream = c10::cuda::getCurrentCUDAStream();
  const auto on_device = terms.options();
  Tensor keys = at::empty({batch.pictures, batch.count}, on_device.dtype(at::kInt));
  Tensor listed = at::empty_like(keys);
  Tensor sums =
      at::empty({batch.pictures, static_cast<int64_t>(sizeof(Sums))}, on_device.dtype(at::kByte));
  auto* const key = reinterpret_cast<uint32_t*>(keys.mutable_data_ptr<int32_t>());
  auto* const sum = reinterpret_cast<Sums*>(sums.mutable_data_ptr<uint8_t>());
  const int64_t rows = static_cast<int64_t>(batch.pictures) * batch.count;
  // As many rows as a block may stage without asking for more.
  const auto fit = static_cast<int32_t>(48 * 1024 / sizeof(float)) / batch.classes;
  const int32_t rows_a_block = std::clamp(fit / 32 * 32, 1, 128);
  key_kernel<T><<<static_cast<uint32_t>((rows + rows_a_block - 1) / rows_a_block), 128,
                  sizeof(float) * static_cast<size_t>(rows_a_block * batch.classes), stream>>>(
      batch, rows_a_block, settings.mining.article, key);
  C10_CUDA_KERNEL_LAUNCH_CHECK();
  loss_kernel<T><<<static_cast<uint32_t>(batch.pictures), kMiningThreads, 0, stream>>>(
      batch, settings, key, listed.mutable_data_ptr<int32_t>(), sum);
  C10_CUDA_KERNEL_LAUNCH_CHECK();
  sum_kernel<<<1, 1, 0, stream>>>(sum, batch.positives, batch.pictures, settings.kd,
                                  batch.teacher_conf != nullptr, terms.mutable_data_ptr<float>(),
                                  found.mutable_data_ptr<int32_t>());
  C10_CUDA_KERNEL_LAUNCH_CHECK();
}

template <class T>
const T* pointer(const std::optional<Tensor>& tensor) {
  return tensor ? tensor->const_data_ptr<T>() : nullptr;
}

// Five launches: two that clear the gradients and three kernels.
std::tuple<Tensor, Tensor, Tensor, Tensor> multibox_cuda(
    const Tensor& loc, const Tensor& conf, const std::optional<Tensor>& teacher_loc,
    const std::optional<Tensor>& teacher_conf, const Tensor& truth, const Tensor& positives,
    const Tensor& boxes, const Tensor& labels, const Tensor& priors, at::ArrayRef<double> options) {
  const c10::cuda::CUDAGuard guard(conf.device());
  const auto settings = to_settings(options.data());
  auto terms = at::empty({5}, conf.options().dtype(at::kFloat));
  auto found = at::empty({}, conf.options().dtype(at::kInt));
  auto grad_loc = at::zeros_like(loc), grad_conf = at::zeros_like(conf);
  const auto run = [&]<class T>(T) {
    launch(Batch<T>{loc.const_data_ptr<T>(), conf.const_data_ptr<T>(), pointer<T>(teacher_loc),
                    pointer<T>(teacher_conf), truth.const_data_ptr<int32_t>(),
                    positives.const_data_ptr<int32_t>(), boxes.const_data_ptr<float>(),
                    labels.const_data_ptr<int64_t>(), priors.const_data_ptr<float>(),
                    static_cast<int32_t>(conf.size(0)), static_cast<int32_t>(conf.size(1)),
                    static_cast<int32_t>(conf.size(2)), static_cast<int32_t>(labels.size(1)),
                    grad_loc.mutable_data_ptr<T>(), grad_conf.mutable_data_ptr<T>()},
           settings, terms, found);
  };
  switch (conf.scalar_type()) {
    case at::kFloat:
      run(float());
      break;
    case at::kBFloat16:
      run(c10::BFloat16());
      break;
    case at::kHalf:
      run(c10::Half());
      break;
    default:
      throw Error(Code::BadOption, std::string("multiboxLoss: expected outputs of float32, "
                                               "bfloat16 or float16 on a GPU, got ") +
                                       c10::toString(conf.scalar_type()));
  }
  return {terms, found, grad_loc, grad_conf};
}

}  // namespace

TORCH_LIBRARY_IMPL(ssd_distill, CUDA, m) {
  m.impl("multibox", &multibox_cuda);
}

}  // namespace ssd
