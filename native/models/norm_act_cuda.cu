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
#include <optional>
#include <tuple>

#include "models/activation.h"
#include "models/norm_channels.cuh"

namespace ssd {

namespace {

using at::Tensor;
using Two = std::tuple<Tensor, Tensor>;
using Three = std::tuple<Tensor, Tensor, Tensor>;

constexpr int kLanes = 32, kLines = 8, kThreads = 256;

// Rows [rows, C] cut into at most 256 parts that depend on the shape alone: sums over them, in
// order, are the same in every run.
struct Parts {
  explicit Parts(const Tensor& x)
      : rows(x.size(0) * x.size(2) * x.size(3)),
        channels(static_cast<int>(x.size(1))),
        size(std::max<int64_t>(4 * kLines, (rows + 255) / 256)),
        count(static_cast<int>((rows + size - 1) / size)) {}

  dim3 grid() const {
    return {static_cast<unsigned>((channels + kLanes - 1) / kLanes), static_cast<unsigned>(count)};
  }

  int64_t rows;
  int channels;
  int64_t size;
  int count;
};

// Two sums a channel over one part of the rows: each line of threads takes every kLines-th row, and
// the lines are added in order. `sums` is [parts, 2, C].
template <class F>
__device__ void sum_part(const Parts& parts, F add, float* sums) {
  __shared__ float shared[2][kLines][kLanes];
  const int c = static_cast<int>(blockIdx.x) * kLanes + static_cast<int>(threadIdx.x);
  const int64_t begin = blockIdx.y * parts.size, end = min(parts.rows, begin + parts.size);
  float one = 0, two = 0;
  if (c < parts.channels) {
    for (int64_t r = begin + threadIdx.y; r < end; r += kLines) {
      add(begin * parts.channels + c, r * parts.channels + c, c, one, two);
    }
  }
  shared[0][threadIdx.y][threadIdx.x] = one;
  shared[1][threadIdx.y][threadIdx.x] = two;
  __syncthreads();
  if (threadIdx.y > 1 || c >= parts.channels) return;
  float sum = 0;
  for (int line = 0; line < kLines; ++line) sum += shared[threadIdx.y][line][threadIdx.x];
  sums[(blockIdx.y * 2 + threadIdx.y) * parts.channels + c] = sum;
}

// About the part's first row, so that a mean far from zero costs no digits.
template <class T>
__global__ void moments_kernel(const T* x, Parts parts, float* sums) {
  const auto add = [x](int64_t first, int64_t at, int, float& one, float& two) {
    const float off = static_cast<float>(x[at]) - static_cast<float>(x[first]);
    one += off;
    two += off * off;
  };
  sum_part(parts, add, sums);
}

// A thread a channel: the parts' means and sums of squares to the whole's.
template <class T>
__global__ void statistics_kernel(const T* x, Parts parts, const float* sums, Statistics s) {
  const int c = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (c >= parts.channels) return;
  const auto mean_of = [&](int p, double n) {
    const float first = static_cast<float>(x[p * parts.size * parts.channels + c]);
    return first + sums[2 * p * parts.channels + c] / n;
  };
  const auto count_of = [&](int p) {
    return static_cast<double>(min(parts.size, parts.rows - p * parts.size));
  };
  double mean = 0, square = 0;
  for (int p = 0; p < parts.count; ++p) {
    const double n = count_of(p);
    mean += mean_of(p, n) * (n / static_cast<double>(parts.rows));
  }
  for (int p = 0; p < parts.count; ++p) {
    const double n = count_of(p), off = mean_of(p, n) - mean;
    const double sum = sums[2 * p * parts.channels + c];
    square += sums[(2 * p + 1) * parts.channels + c] - sum * sum / n + n * off * off;
  }
  s.take_batch(c, mean, square > 0 ? square : 0, static_cast<double>(parts.rows));
}

__global__ void running_kernel(int channels, Statistics s) {
  const int c = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (c < channels) s.take_running(c);
}

// N channels of one pixel a thread.
template <class T, int N>
struct alignas(sizeof(T) * N) Pack {
  T values[N];
};

template <class T, int N>
__global__ void forward_kernel(const Pack<T, N>* x, int64_t packs, int channels, Channels by,
                               Activation act, Pack<T, N>* y) {
  const int64_t stride = static_cast<int64_t>(gridDim.x) * kThreads;
  for (int64_t i = blockIdx.x * kThreads + threadIdx.x; i < packs; i += stride) {
    const int c = static_cast<int>(i * N % channels);
    Pack<T, N> pack = x[i];
    for (int k = 0; k < N; ++k) {
      pack.values[k] =
          static_cast<T>(activate(act, by.before(c + k, static_cast<float>(pack.values[k]))));
    }
    y[i] = pack;
  }
}

template <class T>
__global__ void sums_kernel(const T* dy, const T* x, Parts parts, Channels by, Activation act,
                            float* sums) {
  const auto add = [=](int64_t, int64_t at, int c, float& one, float& two) {
    const float value = static_cast<float>(x[at]);
    const float dz = activate_backward(act, by.before(c, value), static_cast<float>(dy[at]));
    one += dz;
    two += dz * (value - by.mean[c]);
  };
  sum_part(parts, add, sums);
}

// A thread a channel: the gradients of weight and bias, and what the statistics take back.
__global__ void gradients_kernel(Parts parts, const float* sums, Channels by, bool training,
                                 Gradients out) {
  const int c = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (c >= parts.channels) return;
  double one = 0, two = 0;
  for (int p = 0; p < parts.count; ++p) {
    one += sums[2 * p * parts.channels + c];
    two += sums[(2 * p + 1) * parts.channels + c];
  }
  out.take(c, by, one, two, training ? static_cast<double>(parts.rows) : 0);
}

template <class T, int N>
__global__ void backward_kernel(const Pack<T, N>* dy, const Pack<T, N>* x, int64_t packs,
                                int channels, Channels by, Activation act, Gradients less,
                                Pack<T, N>* dx) {
  const int64_t stride = static_cast<int64_t>(gridDim.x) * kThreads;
  for (int64_t i = blockIdx.x * kThreads + threadIdx.x; i < packs; i += stride) {
    const int c = static_cast<int>(i * N % channels);
    Pack<T, N> gradient = dy[i];
    const Pack<T, N> pack = x[i];
    for (int k = 0; k < N; ++k) {
      const float value = static_cast<float>(pack.values[k]);
      const float dz =
          activate_backward(act, by.before(c + k, value), static_cast<float>(gradient.values[k]));
      gradient.values[k] = static_cast<T>(less.before(c + k, by, dz, value));
    }
    dx[i] = gradient;
  }
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

// f<N>(packs, blocks) with the widest packs that no pixel shares with the next.
template <class F>
void by_pack(const Tensor& x, F f) {
  const auto launch = [&](auto width) {
    const int64_t packs = x.numel() / decltype(width)::value;
    f(width, packs,
      static_cast<unsigned>(std::min<int64_t>((packs + kThreads - 1) / kThreads, 65535)));
  };
  if (x.size(1) % 4 == 0) {
    launch(std::integral_constant<int, 4>{});
  } else {
    launch(std::integral_constant<int, 1>{});
  }
}

unsigned channel_blocks(int channels) {
  return static_cast<unsigned>((channels + 63) / 64);
}

Three forward(const Tensor& x, const Tensor& weight, const Tensor& bias, const Tensor& running_mean,
              const Tensor& running_var, bool training, double momentum, double eps, double low,
              double high, bool hardswish) {
  const c10::cuda::CUDAGuard guard(x.device());
  const auto stream = c10::cuda::getCurrentCUDAStream();
  const Parts parts(x);
  auto y = at::empty_like(x), mean = at::empty({x.size(1)}, x.options().dtype(at::kFloat));
  auto invstd = at::empty_like(mean);
  if (x.numel() == 0) return {y, mean, invstd};
  const Activation act{static_cast<float>(low), static_cast<float>(high), hardswish};
  const Statistics statistics{mean.data_ptr<float>(),
                              invstd.data_ptr<float>(),
                              running_mean.data_ptr<float>(),
                              running_var.data_ptr<float>(),
                              momentum,
                              eps};
  const Channels by(weight, bias, mean, invstd);
  by_type(x, [&]<class T>(T) {
    const T* const from = x.const_data_ptr<T>();
    if (training) {
      auto sums = at::empty({parts.count, 2, parts.channels}, mean.options());
      moments_kernel<T>
          <<<parts.grid(), dim3(kLanes, kLines), 0, stream>>>(from, parts, sums.data_ptr<float>());
      statistics_kernel<T><<<channel_blocks(parts.channels), 64, 0, stream>>>(
          from, parts, sums.const_data_ptr<float>(), statistics);
    } else {
      running_kernel<<<channel_blocks(parts.channels), 64, 0, stream>>>(parts.channels, statistics);
    }
    by_pack(x, [&](auto width, int64_t packs, unsigned blocks) {
      using P = Pack<T, decltype(width)::value>;
      forward_kernel<T, decltype(width)::value>
          <<<blocks, kThreads, 0, stream>>>(reinterpret_cast<const P*>(from), packs, parts.channels,
                                            by, act, reinterpret_cast<P*>(y.data_ptr<T>()));
    });
  });
  C10_CUDA_KERNEL_LAUNCH_CHECK();
  return {y, mean, invstd};
}

Two backward(const Tensor& dy, const Tensor& x, const Tensor& weight, const Tensor& bias,
             const Tensor& mean, const Tensor& invstd, const std::optional<Tensor>& dx,
             bool training, double low, double high, bool hardswish, bool needs_weight) {
  const c10::cuda::CUDAGuard guard(x.device());
  const auto stream = c10::cuda::getCurrentCUDAStream();
  const Parts parts(x);
  auto dweight = at::empty_like(mean), dbias = at::empty_like(mean);
  if (x.numel() == 0) return {dweight.zero_(), dbias.zero_()};
  const Activation act{static_cast<float>(low), static_cast<float>(high), hardswish};
  const Channels by(weight, bias, mean, invstd);
  auto less = at::empty({2, parts.channels}, mean.options());
  const Gradients gradients{dweight.data_ptr<float>(), dbias.data_ptr<float>(),
                            less.data_ptr<float>(), less.data_ptr<float>() + parts.channels};
  by_type(x, [&]<class T>(T) {
    const T *const from = x.const_data_ptr<T>(), *const above = dy.const_data_ptr<T>();
    auto sums = at::empty({parts.count, 2, parts.channels}, mean.options());
    if (training || needs_weight) {
      sums_kernel<T><<<parts.grid(), dim3(kLanes, kLines), 0, stream>>>(above, from, parts, by, act,
                                                                        sums.data_ptr<float>());
    } else {
      sums.zero_();
    }
    gradients_kernel<<<channel_blocks(parts.channels), 64, 0, stream>>>(
        parts, sums.const_data_ptr<float>(), by, training, gradients);
    if (!dx) return;
    by_pack(x, [&](auto width, int64_t packs, unsigned blocks) {
      using P = Pack<T, decltype(width)::value>;
      backward_kernel<T, decltype(width)::value><<<blocks, kThreads, 0, stream>>>(
          reinterpret_cast<const P*>(above), reinterpret_cast<const P*>(from), packs,
          parts.channels, by, act, gradients, reinterpret_cast<P*>(dx->data_ptr<T>()));
    });
  });
  C10_CUDA_KERNEL_LAUNCH_CHECK();
  return {dweight, dbias};
}

}  // namespace

TORCH_LIBRARY_IMPL(ssd_distill, CUDA, m) {
  m.impl("norm_act", &forward);
  m.impl("norm_act_backward", &backward);
}

}  // namespace ssd
