#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#include <c10/util/BFloat16.h>
#include <torch/library.h>

#include "data/pixel.h"

namespace ssd {

namespace {

constexpr int kThreads = 256;

// One thread an output pixel, one row of blocks a picture: crop, resize, flip, colour and
// normalisation in one pass over what is written. `records` may point into pinned host memory.
template <class T>
__global__ void resample_kernel(const Record* records, const int32_t* first, int32_t side, Rgb mean,
                                Rgb deviation, T* out) {
  const auto place = static_cast<int32_t>(blockIdx.x * kThreads + threadIdx.x);
  if (place >= side * side) return;
  Rgb rgb = mean;
  for (int32_t i = first[blockIdx.y]; i < first[blockIdx.y + 1]; ++i) {
    lay(records[i], mean, place % side, place / side, rgb);
  }
  T* const to = out + (static_cast<int64_t>(blockIdx.y) * side * side + place) * 3;
  for (int c = 0; c < 3; ++c) {
    to[c] = static_cast<T>((rgb.values[c] - mean.values[c]) / deviation.values[c]);
  }
}

Rgb to_rgb(at::ArrayRef<double> values) {
  return {{static_cast<float>(values[0]), static_cast<float>(values[1]),
           static_cast<float>(values[2])}};
}

template <class T>
void launch(const at::Tensor& records, const at::Tensor& first, int32_t side, const Rgb& mean,
            const Rgb& deviation, at::Tensor& out) {
  const auto pixels = static_cast<uint32_t>(side) * static_cast<uint32_t>(side);
  const dim3 blocks((pixels + kThreads - 1) / kThreads, static_cast<uint32_t>(out.size(0)));
  resample_kernel<T><<<blocks, kThreads, 0, c10::cuda::getCurrentCUDAStream()>>>(
      reinterpret_cast<const Record*>(records.const_data_ptr<uint8_t>()),
      first.const_data_ptr<int32_t>(), side, mean, deviation, out.data_ptr<T>());
  C10_CUDA_KERNEL_LAUNCH_CHECK();
}

at::Tensor resample_cuda(const at::Tensor& records, const at::Tensor& first, int64_t side,
                         at::ArrayRef<double> mean, at::ArrayRef<double> deviation,
                         at::ScalarType dtype) {
  const c10::cuda::CUDAGuard guard(records.device());
  auto out = at::empty({first.size(0) - 1, side, side, 3}, records.options().dtype(dtype));
  if (out.numel() == 0) return out;
  if (dtype == at::kBFloat16) {
    launch<c10::BFloat16>(records, first, static_cast<int32_t>(side), to_rgb(mean),
                          to_rgb(deviation), out);
  } else {
    launch<float>(records, first, static_cast<int32_t>(side), to_rgb(mean), to_rgb(deviation), out);
  }
  return out;
}

}  // namespace

TORCH_LIBRARY_IMPL(ssd_distill, CUDA, m) {
  m.impl("resample", &resample_cuda);
}

}  // namespace ssd
