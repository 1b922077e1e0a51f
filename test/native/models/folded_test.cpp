#include "models/folded.h"

#include <ATen/Context.h>
#include <ATen/TensorOperators.h>

#include "tensors.h"

namespace ssd {
namespace {

// A convolution, a BatchNorm with statistics of its own, and an activation.
struct Chain {
  Node conv, norm, activation;
  std::vector<Parameter> of_conv, of_norm;
  at::Tensor x = noise({2, 8, 9, 9}, 1).to(at::kFloat);

  Chain(bool bias, int64_t groups, Op op) {
    conv = {.op = Op::Conv, .name = "conv", .inputs = {}, .in = 8, .out = 16, .kernel = 3};
    conv.padding = 1;
    conv.stride = 2;
    conv.groups = groups;
    conv.bias = bias;
    norm = {.op = Op::BatchNorm, .name = "norm", .inputs = {}, .out = 16};
    norm.eps = 1e-3;
    activation = {.op = op, .name = "", .inputs = {}};
    of_conv = make_parameters(conv, 1);
    of_norm = make_parameters(norm, 1);
    if (bias) of_conv[1].value.copy_(noise({16}, 2));
    for (const size_t i : {0, 1, 2}) of_norm[i].value.copy_(noise({16}, 3 + i) * 2);
    of_norm[3].value.copy_(noise({16}, 7).square() + 0.1);
  }

  at::Tensor apart(bool normed, bool activated) const {
    auto y = apply(conv, {x}, of_conv.data(), false);
    if (normed) y = apply(norm, {y}, of_norm.data(), false);
    return activated ? apply(activation, {y}, nullptr, false) : y;
  }

  at::Tensor as_one(bool normed, bool activated, at::ScalarType type = at::kFloat) const {
    const auto folded = fold(conv, of_conv.data(), normed ? &norm : nullptr, of_norm.data(), type);
    return apply_folded(conv, folded, activated ? &activation : nullptr, x);
  }
};

void compare() {
  for (const bool bias : {false, true}) {
    for (const int64_t groups : {1, 8}) {
      for (const auto op : {Op::Relu, Op::Relu6, Op::Hardswish}) {
        const Chain chain(bias, groups, op);
        for (const bool normed : {false, true}) {
          for (const bool activated : {false, true}) {
            EXPECT_NEAR(chain.apart(normed, activated), chain.as_one(normed, activated), 1e-5);
          }
        }
      }
    }
  }
}

TEST(folding_changes_no_result) {
  compare();
}

TEST(nor_does_it_where_the_device_has_no_such_operation) {
  at::globalContext().setUserEnabledMkldnn(false);
  compare();
  at::globalContext().setUserEnabledMkldnn(true);
}

TEST(in_bfloat16_it_is_near) {
  const Chain chain(true, 1, Op::Relu6);
  const auto y = chain.as_one(true, true, at::kBFloat16);
  EXPECT(y.scalar_type() == at::kBFloat16);
  EXPECT_NEAR(chain.apart(true, true), y, 0.08);
}

}  // namespace
}  // namespace ssd
