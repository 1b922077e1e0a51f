// ssd_tests [PART]: runs all tests, or those whose name contains PART.
#include <ATen/Parallel.h>

#include <cstdio>
#include <exception>

#include "check.h"

namespace {

bool passes(const check::Test& test) {
  try {
    test.run();
    return true;
  } catch (const check::Failed& failed) {
    std::fprintf(stderr, "FAILED %s\n%s\n", test.name.c_str(), failed.message.c_str());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "FAILED %s\n  threw %s\n", test.name.c_str(), error.what());
  }
  return false;
}

}  // namespace

int main(int count, char** arguments) {
  const std::string part = count > 1 ? arguments[1] : "";
  // Tensors this small gain nothing from OpenMP, whose waiting threads burn a busy machine's cores.
  at::set_num_threads(1);
  int passed = 0, failed = 0;
  for (const auto& test : check::tests()) {
    if (test.name.find(part) == std::string::npos) continue;
    ++(passes(test) ? passed : failed);
  }
  std::printf("%d passed, %d failed\n", passed, failed);
  // A name that fits no test is a mistake, not a pass.
  return failed == 0 && passed > 0 ? 0 : 1;
}
