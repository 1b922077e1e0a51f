#include "core/devices.h"

#include <ATen/Context.h>
#include <ATen/detail/CUDAHooksInterface.h>

#include <mutex>

#include "core/error.h"

namespace ssd {

namespace {

// A process has one CUDA, whatever number of environments load the engine.
struct Withheld {
  std::mutex mutex;
  std::string why;
};

Withheld& withheld() {
  static Withheld state;
  return state;
}

std::string why_withheld() {
  auto& state = withheld();
  const std::lock_guard lock(state.mutex);
  return state.why;
}

}  // namespace

int cuda_devices() {
  if (!why_withheld().empty() || !at::globalContext().hasCUDA()) return 0;
  return at::detail::getCUDAHooks().deviceCount();
}

void withhold_cuda(std::string why) {
  auto& state = withheld();
  const std::lock_guard lock(state.mutex);
  state.why = std::move(why);
}

void require_cuda(const std::string& device) {
  if (cuda_devices() > 0) return;
  auto why = why_withheld();
  if (why.empty()) why = "a LibTorch or a machine without one";
  throw Error(Code::NoCuda, "expected a CUDA device for " + device + ", got " + why);
}

}  // namespace ssd
