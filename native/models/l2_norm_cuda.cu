#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#include <c10/util/BFloat16.h>
#include <c10/util/Half.h>
#include <torch/library.h>

#include <algorithm>
#include <tuple>

#include "models/l2_row.h"

namespace ssd {

namespace {

using at::Tensor;

constexpr int kWarp = 32, kRows = 8;

__device__ float warp_sum(float value) {
  for (int step = kWarp / 2; step > 0; step /= 2) {
    value += __shfl_xor_sync(0xFFFFFFFF, value, step);
  }
  return value;
}

// A warp a row [C], kRows rows a block.
template <class T>
__global__ void forward_kernel(const T* x, const float* weight, int64_t rows, int channels, T* y) {
  const int64_t row = static_cast<int64_t>(blockIdx.x) * kRows + threadIdx.y;
  if (row >= rows) return;
  x += row * channels;
  float square = 0;
  for (int c = threadIdx.x; c < channels; c += kWarp) {
    square += static_cast<float>(x[c]) * static_cast<float>(x[c]);
  }
  const float inverse = length_of(warp_sum(square)).inverse;
  for (int c = threadIdx.x; c < channels; c += kWarp) {
    y[row * channels + c] = static_cast<T>(static_cast<float>(x[c]) * inverse * weight[c]);
  }
}

// The same with dx = g / n - x * slope * sum(g x) / n^2, and 1 / n of each row for the weights.
template <class T>
__global__ void backward_kernel(const T* dy, const T* x, const float* weight, int64_t rows,
                                int channels, T* dx, float* inverse) {
  const int64_t row = static_cast<int64_t>(blockIdx.x) * kRows + threadIdx.y;
  if (row >= rows) return;
  x += row * channels;
  dy += row * channels;
  float square = 0, along = 0;
  for (int c = threadIdx.x; c < channels; c += kWarp) {
    const float value = static_cast<float>(x[c]);
    square += value * value;
    along += static_cast<float>(dy[c]) * weight[c] * value;
  }
  const auto length = length_of(warp_sum(square));
  const float back = warp_sum(along) * length.inverse * length.inverse * length.slope;
  for (int c = threadIdx.x; c < channels; c += kWarp) {
    const float g = static_cast<float>(dy[c]) * length.inverse * weight[c];
    dx[row * channels + c] = static_cast<T>(g - static_cast<float>(x[c]) * back);
  }
  if (threadIdx.x == 0) inverse[row] = length.inverse;
}

// A block's lines go down the rows of a part, each thread its channel; lines are added in order.
template <class T>
__global__ void weight_kernel(const T* dy, const T* x, const float* inverse, int64_t rows,
                              int64_t size, int channels, float* parts) {
  __shared__ float shared[kRows][kWarp];
  const int c = static_cast<int>(blockIdx.x * kWarp + threadIdx.x);
  const int64_t begin = blockIdx.y * size, end = min(rows, begin + size);
  float sum = 0;
  if (c < channels) {
    for (int64_t r = begin + threadIdx.y; r < end; r += kRows) {
      const int64_t at = r * channels + c;
      sum += static_cast<float>(dy[at]) * static_cast<float>(x[at]) * inverse[r];
    }
  }
  shared[threadIdx.y][threadIdx.x] = sum;
  __syncthreads();
  if (threadIdx.y != 0 || c >= channels) return;
  for (int line = 1; line < kRows; ++line) sum += shared[line][threadIdx.x];
  parts[blockIdx.y * channels + c] = sum;
}

__global__ void merge_kernel(const float* parts, int count, int channels, float* dweight) {
  const int c = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (c >= channels) return;
  double sum = 0;
  for (int p = 0; p < count; ++p) sum += parts[p * channels + c];
  dweight[c] = static_cast<float>(sum);
}

template <class F>
void by_type(const Tensor& x, F f) {
  switch (x.scalar_type()) {
    case at::kBFloat16:
      return f(c10::BFloat16{});
    case at::kHalf:
      return f(c10::Half{});
    default:
      return f(float{});
  }
}

int64_t rows_of(const Tensor& x) {
  return x.size(0) * x.size(2) * x.size(3);
}

unsigned blocks_of(int64_t count, int64_t size) {
  return static_cast<unsigned>((count + size - 1) / size);
}

Tensor l2_norm(const Tensor& x, const Tensor& weight) {
  const c10::cuda::CUDAGuard guard(x.device());
  auto y = at::empty_like(x);
  if (x.numel() == 0) return y;
  by_type(x, [&]<class T>(T) {
    forward_kernel<T><<<blocks_of(rows_of(x), kRows), dim3(kWarp, kRows), 0,
                        c10::cuda::getCurrentCUDAStream()>>>(
        x.const_data_ptr<T>(), weight.const_data_ptr<float>(), rows_of(x),
        static_cast<int>(x.size(1)), y.data_ptr<T>());
  });
  C10_CUDA_KERNEL_LAUNCH_CHECK();
  return y;
}

std::tuple<Tensor, Tensor> l2_norm_backward(const Tensor& dy, const Tensor& x,
                                            const Tensor& weight) {
  const c10::cuda::CUDAGuard guard(x.device());
  const auto stream = c10::cuda::getCurrentCUDAStream();
  auto dx = at::empty_like(x), dweight = at::empty_like(weight);
  if (x.numel() == 0) return {dx, dweight.zero_()};
  const auto rows = rows_of(x);
  const auto channels = static_cast<int>(x.size(1));
  const auto size = std::max<int64_t>(4 * kRows, (rows + 255) / 256);
  const auto count = blocks_of(rows, size);
  auto inverse = at::empty({rows}, weight.options());
  auto parts = at::empty({count, channels}, weight.options());
  by_type(x, [&]<class T>(T) {
    const T *const from = x.const_data_ptr<T>(), *const above = dy.const_data_ptr<T>();
    backward_kernel<T><<<blocks_of(rows, kRows), dim3(kWarp, kRows), 0, stream>>>(
        above, from, weight.const_data_ptr<float>(), rows, channels, dx.data_ptr<T>(),
        inverse.data_ptr<float>());
    weight_kernel<T><<<dim3(blocks_of(channels, kWarp), count), dim3(kWarp, kRows), 0, stream>>>(
        above, from, inverse.const_data_ptr<float>(), rows, size, channels,
        parts.data_ptr<float>());
  });
  merge_kernel<<<blocks_of(channels, 64), 64, 0, stream>>>(
      parts.const_data_ptr<float>(), static_cast<int>(count), channels, dweight.data_ptr<float>());
  C10_CUDA_KERNEL_LAUNCH_CHECK();
  return {dx, dweight};
}

}  // namespace

TORCH_LIBRARY_IMPL(ssd_distill, CUDA, m) {
  m.impl("l2_norm", &l2_norm);
  m.impl("l2_norm_backward", &l2_norm_backward);
}

}  // namespace ssd
