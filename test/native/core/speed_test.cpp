#include "core/speed.h"

#include <ATen/Parallel.h>

#include "check.h"

namespace ssd {
namespace {

TEST(a_device_copies_and_multiplies_at_a_speed_that_can_be) {
  const auto [bytes, flops] = speed(at::kCPU, at::kFloat);
  // Slower than any machine this runs on, faster than any there is.
  EXPECT(bytes > 1e8 && bytes < 1e13);
  EXPECT(flops > 1e8 && flops < 1e16);
}

}  // namespace
}  // namespace ssd
