#include "check.h"

#include <cmath>

namespace check {

std::vector<Test>& tests() {
  // In a function: tests register themselves before main, in no particular order of files.
  static std::vector<Test> list;
  return list;
}

bool add(const std::string& file, const std::string& name, void (*run)()) {
  const auto base = file.rfind('/');
  const auto folder = file.rfind('/', base - 1);
  const auto stem = file.substr(folder + 1, file.rfind('.') - folder - 1);
  tests().push_back({stem + " " + name, run});
  return true;
}

void fail(const char* file, int line, const std::string& what, const std::string& expected,
          const std::string& got) {
  throw Failed{std::string(file) + ":" + std::to_string(line) + ": " + what + "\n  expected " +
               expected + "\n  got      " + got};
}

void near(const char* file, int line, const char* what, const std::vector<double>& expected,
          const std::vector<double>& got, double tolerance) {
  if (expected.size() != got.size()) {
    fail(file, line, what, std::to_string(expected.size()) + " numbers",
         std::to_string(got.size()) + " numbers");
  }
  for (size_t i = 0; i < expected.size(); ++i) {
    // Written so that a NaN fails.
    if (std::abs(expected[i] - got[i]) <= tolerance) continue;
    fail(file, line, std::string(what) + " at " + std::to_string(i), show(expected[i]),
         show(got[i]) + " (tolerance " + show(tolerance) + ")");
  }
}

}  // namespace check
