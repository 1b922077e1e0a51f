#pragma once

#include <exception>
#include <iomanip>
#include <sstream>
#include <string>
#include <type_traits>
#include <vector>

#include "core/error.h"

// A test harness of one page: the machine that builds the engine need not have a framework. A check
// that fails ends its test; checks belong on the test's own thread.
namespace check {

struct Failed {
  std::string message;
};

// A test that cannot be made here, and why.
struct Skipped {
  std::string reason;
};

struct Test {
  std::string name;  // folder/file name
  void (*run)();
};

std::vector<Test>& tests();
bool add(const std::string& file, const std::string& name, void (*run)());

[[noreturn]] void fail(const char* file, int line, const std::string& what,
                       const std::string& expected, const std::string& got);

// Numbers that belong together, compared with a tolerance. Tensors have theirs in tensors.h.
inline std::vector<double> numbers(double value) {
  return {value};
}
template <class T>
std::vector<double> numbers(const std::vector<T>& values) {
  return {values.begin(), values.end()};
}

void near(const char* file, int line, const char* what, const std::vector<double>& expected,
          const std::vector<double>& got, double tolerance);

template <class T>
std::string show(const T& value) {
  std::ostringstream out;
  out << std::boolalpha << std::setprecision(9);
  if constexpr (requires { out << value; }) {
    out << value;
  } else {
    for (const auto& item : value) out << show<std::decay_t<decltype(item)>>(item) << " ";
  }
  return out.str();
}

template <class A, class B>
void equal(const char* file, int line, const char* what, const A& expected, const B& got) {
  bool same = false;
  if constexpr (std::is_integral_v<A> && std::is_integral_v<B>) {
    same = static_cast<int64_t>(expected) == static_cast<int64_t>(got);
  } else {
    same = expected == got;
  }
  if (!same) fail(file, line, what, show(expected), show(got));
}

template <class F>
void throws(const char* file, int line, const char* what, ssd::Code expected, F body) {
  std::string got = "no exception";
  try {
    body();
  } catch (const ssd::Error& error) {
    if (error.code == expected) return;
    got = std::string(ssd::code_name(error.code)) + ": " + error.what();
  } catch (const std::exception& error) {
    got = std::string("another exception: ") + error.what();
  }
  fail(file, line, what, ssd::code_name(expected), got);
}

}  // namespace check

// Not CHECK: c10 has that name for an assertion that ends the process.
#define TEST(name)                                                     \
  static void name();                                                  \
  static const bool name##_added = check::add(__FILE__, #name, &name); \
  static void name()
#define SKIP_UNLESS(condition)             \
  if (!(condition)) throw check::Skipped { \
      "needs " #condition                  \
    }
#define EXPECT(expression) check::equal(__FILE__, __LINE__, #expression, true, bool(expression))
#define EXPECT_EQ(expected, got) check::equal(__FILE__, __LINE__, #got, expected, got)
#define EXPECT_NEAR(expected, got, tolerance) \
  check::near(__FILE__, __LINE__, #got, check::numbers(expected), check::numbers(got), tolerance)
#define EXPECT_THROWS(code, expression) \
  check::throws(__FILE__, __LINE__, #expression, code, [&] { static_cast<void>(expression); })
