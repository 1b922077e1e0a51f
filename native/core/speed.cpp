#include "core/speed.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/rand.h>

#include <algorithm>
#include <chrono>
#include <functional>

namespace ssd {

namespace {

// Seconds that the quickest of some runs takes, waited for. `work` returns what it wrote.
double quickest(int runs, const std::function<at::Tensor()>& work) {
  const auto wait = [](const at::Tensor& written) { written.flatten()[0].item<float>(); };
  wait(work());  // memory is mapped and kernels are loaded at their first use
  double best = 1e9;
  for (int i = 0; i < runs; ++i) {
    const auto start = std::chrono::steady_clock::now();
    wait(work());
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
    best = std::min(best, taken.count());
  }
  return best;
}

}  // namespace

Speed speed(c10::Device device, c10::ScalarType dtype) {
  const bool cpu = device.is_cpu();
  const int64_t bytes = cpu ? int64_t{1} << 27 : int64_t{1} << 30;
  const auto from = at::rand({bytes / 4}, device);
  auto to = at::rand({bytes / 4}, device);
  const double copied = quickest(5, [&] { return to.copy_(from); });
  // Random numbers: zeros multiply faster on some devices.
  const int64_t side = cpu ? 1024 : 8192;
  const auto a = at::rand({side, side}, device).to(dtype),
             b = at::rand({side, side}, device).to(dtype);
  const double multiplied = quickest(5, [&] { return at::mm(a, b); });
  const auto edge = static_cast<double>(side);
  return {2 * static_cast<double>(bytes) / copied, 2 * edge * edge * edge / multiplied};
}

}  // namespace ssd
