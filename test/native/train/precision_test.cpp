#include "train/precision.h"

#include <ATen/autocast_mode.h>
#include <ATen/ops/conv2d.h>

#include "tensors.h"

namespace ssd {
namespace {

at::Tensor convolve() {
  return at::conv2d(noise({1, 2, 4, 4}, 1).to(at::kFloat), noise({3, 2, 3, 3}, 2).to(at::kFloat));
}

bool active() {
  return at::autocast::is_autocast_enabled(at::kCPU);
}

TEST(convolutions_inside_compute_in_bfloat16) {
  const auto exact = convolve();
  EXPECT(exact.scalar_type() == at::kFloat);
  {
    const Autocast autocast(Precision::Bf16, at::kCPU);
    const auto rounded = convolve();
    EXPECT(rounded.scalar_type() == at::kBFloat16);
    EXPECT_NEAR(exact, rounded, 0.1);  // of values up to 6, with eight bits
    EXPECT(!same_bits(exact, rounded.to(at::kFloat)));
  }
  EXPECT(same_bits(exact, convolve()));
}

TEST(full_precision_changes_nothing) {
  const Autocast autocast(Precision::Fp32, at::kCPU);
  EXPECT(!active());
  EXPECT(convolve().scalar_type() == at::kFloat);
}

TEST(the_state_before_comes_back) {
  {
    const Autocast outer(Precision::Bf16, at::kCPU);
    {
      const Autocast inner(Precision::Bf16, at::kCPU);
      EXPECT(active());
    }
    EXPECT(active());  // the outer one still lives
  }
  EXPECT(!active());
}

TEST(an_exception_brings_it_back_too) {
  try {
    const Autocast autocast(Precision::Bf16, at::kCPU);
    throw 1;
  } catch (int) {
  }
  EXPECT(!active());
}

}  // namespace
}  // namespace ssd
