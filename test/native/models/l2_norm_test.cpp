#include "models/l2_norm.h"

#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>

#include <limits>

#include "tensors.h"

namespace ssd {
namespace {

// The definition, in double.
at::Tensor slow(const at::Tensor& x, const at::Tensor& weight) {
  const auto square = x.square().sum(1, true);
  const auto norm = square.clamp_min(std::numeric_limits<float>::min()).sqrt() + 1e-10;
  return x / norm * weight.reshape({1, -1, 1, 1});
}

struct Run {
  at::Tensor y, dx, dweight;
};

template <class F>
Run run(F f, const at::Tensor& x, const at::Tensor& weight, const at::Tensor& dy) {
  const auto a = x.detach().clone().requires_grad_(), w = weight.detach().clone().requires_grad_();
  const auto y = f(a, w);
  y.backward(dy);
  return {y.detach(), a.grad(), w.grad()};
}

void compare(at::IntArrayRef shape, at::ScalarType type, double tolerance) {
  const auto x = noise(shape, 1).to(type), dy = noise(shape, 2).to(type);
  const auto weight = noise({shape[1]}, 3).to(at::kFloat) + 20;
  const auto fast = run(l2_norm, x, weight, dy);
  const auto exact = run(slow, x.to(at::kDouble), weight.to(at::kDouble), dy.to(at::kDouble));
  EXPECT_NEAR(exact.y, fast.y, tolerance * 20);
  EXPECT_NEAR(exact.dx, fast.dx, tolerance * exact.dx.abs().max().item<double>());
  EXPECT_NEAR(exact.dweight, fast.dweight, tolerance * 20);
}

TEST(l2_norm_is_its_definition_forward_and_backward) {
  for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
    const double tolerance = type == at::kFloat ? 1e-6 : 8e-3;
    compare({2, 3, 5, 7}, type, tolerance);
    compare({1, 8, 1, 1}, type, tolerance);
    compare({2, 517, 9, 9}, type, tolerance);
    compare({3, 64, 38, 38}, type, tolerance);
  }
}

TEST(threads_change_no_bit_of_it) {
  const int threads = at::get_num_threads();
  const auto x = noise({3, 33, 40, 40}, 1).to(at::kFloat),
             dy = noise({3, 33, 40, 40}, 2).to(at::kFloat);
  const auto weight = noise({33}, 3).to(at::kFloat);
  at::set_num_threads(1);
  const auto one = run(l2_norm, x, weight, dy);
  at::set_num_threads(3);
  const auto three = run(l2_norm, x, weight, dy);
  at::set_num_threads(threads);
  EXPECT(same_bits(one.y, three.y) && same_bits(one.dx, three.dx));
  EXPECT(same_bits(one.dweight, three.dweight));
}

}  // namespace
}  // namespace ssd
