// ssd_tests [PART]: runs all tests, or those whose name contains PART.
#include <ATen/Parallel.h>
#include <dlfcn.h>

#include <cstdio>
#include <exception>

#include "check.h"

namespace {

enum Outcome { kPassed, kFailed, kSkipped };

Outcome outcome_of(const check::Test& test) {
  try {
    test.run();
    return kPassed;
  } catch (const check::Skipped& skipped) {
    std::printf("skipped %s: %s\n", test.name.c_str(), skipped.reason.c_str());
    return kSkipped;
  } catch (const check::Failed& failed) {
    std::fprintf(stderr, "FAILED %s\n%s\n", test.name.c_str(), failed.message.c_str());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "FAILED %s\n  threw %s\n", test.name.c_str(), error.what());
  }
  return kFailed;
}

#ifndef SSD_KERNELS
#define SSD_KERNELS ""
#endif

// The CUDA kernels, where they were built; with them LibTorch's own part for CUDA is loaded.
bool load_kernels() {
  const std::string path = SSD_KERNELS;
  if (path.empty() || dlopen(path.c_str(), RTLD_NOW) != nullptr) return true;
  std::fprintf(stderr, "the kernels could not be loaded: %s\n", dlerror());
  return false;
}

}  // namespace

int main(int count, char** arguments) {
  if (!load_kernels()) return 1;
  const std::string part = count > 1 ? arguments[1] : "";
  // Tensors this small gain nothing from OpenMP, whose waiting threads burn a busy machine's cores.
  at::set_num_threads(1);
  int counts[3] = {};
  for (const auto& test : check::tests()) {
    if (test.name.find(part) == std::string::npos) continue;
    ++counts[outcome_of(test)];
  }
  std::printf("%d passed, %d failed, %d skipped\n", counts[kPassed], counts[kFailed],
              counts[kSkipped]);
  // A name that fits no test is a mistake, not a pass.
  return counts[kFailed] == 0 && counts[kPassed] > 0 ? 0 : 1;
}
