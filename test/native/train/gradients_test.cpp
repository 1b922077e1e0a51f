#include "train/gradients.h"

#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/zeros.h>

#include <cmath>
#include <limits>

#include "tensors.h"

namespace ssd {
namespace {

// Layouts and sizes that gradients have: small, with a rest, channels last, and a view with gaps.
std::vector<at::Tensor> gradients() {
  const auto wide = noise({40000}, 1).to(at::kFloat);
  const auto weight = noise({5, 3, 3, 3}, 2).to(at::kFloat);
  const auto gaps = noise({6, 8}, 3).to(at::kFloat).narrow(1, 2, 3);
  return {wide, weight.contiguous(at::MemoryFormat::ChannelsLast), gaps, at::zeros({0}, at::kFloat),
          noise({}, 4).to(at::kFloat)};
}

double expected(const std::vector<at::Tensor>& tensors) {
  double sum = 0;
  for (const auto& tensor : tensors) {
    for (const double value : check::numbers(tensor)) sum += value * value;
  }
  return std::sqrt(sum);
}

TEST(the_norm_is_that_of_all_elements) {
  const auto norm = total_norm(gradients());
  EXPECT(norm.dim() == 0 && norm.scalar_type() == at::kFloat);
  EXPECT_NEAR(expected(gradients()), norm, 1e-5);
  EXPECT_NEAR(0, total_norm({}), 0);
}

TEST(it_is_the_same_to_the_bit_on_any_number_of_threads) {
  const auto before = at::get_num_threads();
  at::set_num_threads(1);
  const auto one = total_norm(gradients());
  for (const int threads : {2, 3, 7}) {
    at::set_num_threads(threads);
    EXPECT(same_bits(one, total_norm(gradients())));
  }
  at::set_num_threads(before);
}

TEST(one_element_that_is_not_finite_shows) {
  for (const double bad : {std::nan(""), std::numeric_limits<double>::infinity(),
                           -std::numeric_limits<double>::infinity()}) {
    for (const int64_t place : {0, 8191, 8192, 39999}) {
      auto list = gradients();
      list[0][place] = bad;
      EXPECT(!std::isfinite(total_norm(list).item<double>()));
    }
  }
}

TEST(large_and_small_elements_are_finite) {
  // Their squares are no float32.
  EXPECT_NEAR(std::sqrt(3.0), total_norm({floats({3}, {1e30, 1e30, 1e30})}) / 1e30, 1e-6);
  EXPECT_NEAR(1, total_norm({floats({1}, {1e-30})}) / 1e-30, 1e-6);
}

TEST(clipping_divides_by_what_brings_the_norm_to_its_limit) {
  for (const double norm : {0.0, 0.5, 1.999, 2.0, 3.0, 1e6}) {
    const auto divisor = clip_divisor(floats({}, {norm}), 2);
    EXPECT_NEAR(std::max(1.0, (norm + 1e-6) / 2), divisor, 1e-6 * std::max(1.0, norm));
    EXPECT(norm / divisor.item<double>() <= 2);
  }
}

}  // namespace
}  // namespace ssd
