#include "core/devices.h"

#include <ATen/Context.h>

#include "check.h"

namespace ssd {
namespace {

// Gives CUDA back to the tests that come after, as none of the process is withheld for good.
struct Withheld {
  explicit Withheld(const char* why) { withhold_cuda(why); }
  ~Withheld() { withhold_cuda(""); }
};

TEST(cuda_that_is_withheld_is_none_and_the_error_says_why) {
  const Withheld withheld("a driver of the last century");
  EXPECT_EQ(0, cuda_devices());
  try {
    require_cuda("cuda:1");
    EXPECT(false);
  } catch (const Error& error) {
    EXPECT(error.code == Code::NoCuda);
    EXPECT_EQ(std::string("expected a CUDA device for cuda:1, got a driver of the last century"),
              std::string(error.what()));
  }
}

TEST(cuda_is_there_where_aten_has_it) {
  EXPECT_EQ(at::hasCUDA(), cuda_devices() > 0);
  if (at::hasCUDA()) return require_cuda("cuda");
  EXPECT_THROWS(Code::NoCuda, require_cuda("cuda"));
}

}  // namespace
}  // namespace ssd
