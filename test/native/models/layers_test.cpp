#include "models/layers.h"

#include <cmath>

#include "tensors.h"

namespace ssd {
namespace {

Node node_of(Op op, int64_t out = 0) {
  return {.op = op, .name = "layer", .inputs = {}, .out = out};
}

at::Tensor picture(at::IntArrayRef shape, uint64_t seed = 1) {
  return noise(shape, seed).to(at::kFloat);
}

double number(const at::Tensor& map, int64_t c, int64_t y, int64_t x) {
  return map.select(0, 0).select(0, c).select(0, y).select(0, x).item<double>();
}

// A convolution of one picture, in loops.
std::vector<double> slow_conv(const Node& node, const at::Tensor& x, const at::Tensor& weight,
                              const at::Tensor& bias) {
  const auto reach = (node.kernel - 1) * node.dilation + 1;
  const auto height = (x.size(2) + 2 * node.padding - reach) / node.stride + 1;
  const auto width = (x.size(3) + 2 * node.padding - reach) / node.stride + 1;
  const auto depth = node.in / node.groups;
  std::vector<double> out;
  for (int64_t o = 0; o < node.out; ++o) {
    for (int64_t i = 0; i < height * width; ++i) {
      double sum = bias.defined() ? bias.select(0, o).item<double>() : 0;
      for (int64_t k = 0; k < depth * node.kernel * node.kernel; ++k) {
        const auto c = k / (node.kernel * node.kernel), dy = k / node.kernel % node.kernel;
        const auto dx = k % node.kernel;
        const auto row = i / width * node.stride - node.padding + dy * node.dilation;
        const auto column = i % width * node.stride - node.padding + dx * node.dilation;
        if (row < 0 || column < 0 || row >= x.size(2) || column >= x.size(3)) continue;
        const auto group = o / (node.out / node.groups);
        sum += weight.select(0, o).select(0, c).select(0, dy).select(0, dx).item<double>() *
               number(x, group * depth + c, row, column);
      }
      out.push_back(sum);
    }
  }
  return out;
}

void check_conv(Node node, int64_t side) {
  auto parameters = make_parameters(node, 3);
  if (node.bias) parameters[1].value.copy_(picture({node.out}, 4));
  const auto x = picture({1, node.in, side, side});
  const auto y = apply(node, {x}, parameters.data(), true);
  EXPECT_NEAR(
      slow_conv(node, x, parameters[0].value, node.bias ? parameters[1].value : at::Tensor()), y,
      1e-5);
}

TEST(convolution_is_its_definition_in_loops) {
  auto node = node_of(Op::Conv, 4);
  node.in = 3;
  node.kernel = 3;
  check_conv(node, 5);
  node.padding = 1;
  node.stride = 2;
  node.bias = true;
  check_conv(node, 6);
  node.dilation = 2;
  node.padding = 2;
  check_conv(node, 7);
}

TEST(grouped_and_depthwise_convolutions_too) {
  auto node = node_of(Op::Conv, 4);
  node.in = 4;
  node.kernel = 3;
  node.padding = 1;
  for (const int64_t groups : {2, 4}) {
    node.groups = groups;
    check_conv(node, 4);
  }
}

TEST(convolution_makes_its_tensors) {
  auto node = node_of(Op::Conv, 6);
  node.in = 4;
  node.groups = 2;
  node.kernel = 3;
  EXPECT_EQ(1, make_parameters(node, 1).size());
  node.bias = true;
  const auto made = make_parameters(node, 1);
  EXPECT_EQ("layer.weight", made.at(0).name);
  EXPECT_EQ("layer.bias", made.at(1).name);
  EXPECT_EQ((std::vector<int64_t>{6, 2, 3, 3}), made[0].value.sizes().vec());
  EXPECT_EQ(0.0F, made[1].value.abs().max().item<float>());
  EXPECT(!made[0].buffer && !made[1].buffer);
  EXPECT(made[0].value.abs().min().item<float>() > 0);
}

TEST(batch_norm_makes_its_tensors) {
  const auto made = make_parameters(node_of(Op::BatchNorm, 2), 1);
  std::string names;
  for (const auto& [name, value, buffer] : made) names += name + (buffer ? "* " : " ");
  EXPECT_EQ(
      "layer.weight layer.bias layer.running_mean* layer.running_var* layer.num_batches_tracked* ",
      names);
  EXPECT_NEAR((std::vector<double>{1, 1}), made[0].value, 0);
  EXPECT_NEAR((std::vector<double>{0, 0}), made[2].value, 0);
  EXPECT_NEAR((std::vector<double>{1, 1}), made[3].value, 0);
  EXPECT(made[4].value.scalar_type() == at::kLong && made[4].value.dim() == 0);
}

TEST(batch_norm_in_training_uses_and_tracks_the_batch) {
  auto node = node_of(Op::BatchNorm, 2);
  node.momentum = 0.25;
  node.eps = 1e-3;
  auto p = make_parameters(node, 1);
  p[0].value.copy_(floats({2}, {2, 3}));
  p[1].value.copy_(floats({2}, {-1, 5}));
  const auto x = picture({4, 2, 3, 3});
  const auto y = apply(node, {x}, p.data(), true);
  for (int64_t c = 0; c < 2; ++c) {
    const auto values = check::numbers(x.select(1, c));
    double mean = 0, square = 0;
    for (const double value : values) mean += value / 36;
    for (const double value : values) square += (value - mean) * (value - mean);
    std::vector<double> expected;
    const double scale = (c == 0 ? 2 : 3) / std::sqrt(square / 36 + 1e-3);
    for (const double value : values)
      expected.push_back((value - mean) * scale + (c == 0 ? -1 : 5));
    EXPECT_NEAR(expected, y.select(1, c), 1e-5);
    // The running variance is the unbiased one, and moves by the momentum.
    EXPECT_NEAR(0.25 * mean, p[2].value.select(0, c).item<double>(), 1e-6);
    EXPECT_NEAR(0.75 + 0.25 * square / 35, p[3].value.select(0, c).item<double>(), 1e-6);
  }
  EXPECT_EQ(1, p[4].value.item<int64_t>());
}

TEST(batch_norm_in_evaluation_uses_and_keeps_the_running_statistics) {
  auto node = node_of(Op::BatchNorm, 1);
  node.eps = 0;
  auto p = make_parameters(node, 1);
  p[2].value.fill_(3);
  p[3].value.fill_(4);
  const auto y = apply(node, {floats({1, 1, 1, 3}, {3, 5, -1})}, p.data(), false);
  EXPECT_NEAR((std::vector<double>{0, 1, -2}), y, 1e-6);
  EXPECT_EQ(3.0F, p[2].value.item<float>());
  EXPECT_EQ(4.0F, p[3].value.item<float>());
  EXPECT_EQ(0, p[4].value.item<int64_t>());
}

TEST(l2_norm_scales_the_direction_of_each_cell) {
  auto node = node_of(Op::L2Norm, 2);
  node.constant = 20;
  auto p = make_parameters(node, 1);
  EXPECT_EQ(1, p.size());
  EXPECT_EQ("layer.weight", p[0].name);
  EXPECT_NEAR((std::vector<double>{20, 20}), p[0].value, 0);
  p[0].value.select(0, 1).fill_(10);
  const auto x = floats({1, 2, 1, 3}, {3, -1, 0, 4, 0, 0});
  EXPECT_NEAR((std::vector<double>{12, -20, 0, 8, 0, 0}), apply(node, {x}, p.data(), true), 1e-4);
}

TEST(l2_norm_has_a_gradient_where_there_is_no_direction) {
  auto node = node_of(Op::L2Norm, 2);
  node.constant = 20;
  const auto p = make_parameters(node, 1);
  // A cell of zeros, and one whose squares vanish: both lie under the 1e-10.
  for (const double x : {0.0, 1e-25}) {
    const auto cell = floats({1, 2, 1, 1}, {x, x}).requires_grad_();
    apply(node, {cell}, p.data(), true).sum().backward();
    EXPECT_NEAR((std::vector<double>{20e10, 20e10}), cell.grad(), 1e5);
  }
}

TEST(max_pool_with_and_without_ceiling) {
  auto node = node_of(Op::MaxPool);
  node.kernel = 2;
  node.stride = 2;
  const auto x = floats({1, 1, 3, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9});
  EXPECT_NEAR((std::vector<double>{5}), apply(node, {x}, nullptr, true), 0);
  node.ceil = true;
  EXPECT_NEAR((std::vector<double>{5, 6, 8, 9}), apply(node, {x}, nullptr, true), 0);
}

TEST(max_pool_pads_with_nothing) {
  auto node = node_of(Op::MaxPool);
  node.kernel = 3;
  node.stride = 1;
  node.padding = 1;
  const auto x = floats({1, 1, 3, 3}, {-1, -2, -3, -4, -5, -6, -7, -8, -9});
  EXPECT_NEAR((std::vector<double>{-1, -1, -2, -1, -1, -2, -4, -4, -5}),
              apply(node, {x}, nullptr, true), 0);
}

TEST(hard_activations_are_their_pieces) {
  const auto x = floats({1, 1, 1, 5}, {-4, -1.5, 0, 1.5, 4});
  EXPECT_NEAR((std::vector<double>{0, 0.25, 0.5, 0.75, 1}),
              apply(node_of(Op::Hardsigmoid), {x}, nullptr, true), 1e-6);
  EXPECT_NEAR((std::vector<double>{0, -0.375, 0, 1.125, 4}),
              apply(node_of(Op::Hardswish), {x}, nullptr, true), 1e-6);
}

TEST(a_gate_is_a_mean_of_each_channel_and_scales_it) {
  const auto x = floats({2, 2, 1, 2}, {1, 3, -2, -4, 0, 0, 5, 15});
  const auto gate = apply(node_of(Op::AvgPool), {x}, nullptr, true);
  EXPECT_EQ((std::vector<int64_t>{2, 2, 1, 1}), gate.sizes().vec());
  EXPECT_NEAR((std::vector<double>{2, -3, 0, 10}), gate, 1e-6);
  EXPECT_NEAR((std::vector<double>{2, 6, 6, 12, 0, 0, 50, 150}),
              apply(node_of(Op::Mul), {x, gate}, nullptr, true), 1e-5);
}

TEST(activations_and_addition) {
  const auto x = floats({1, 1, 1, 4}, {-2, 0.5, 6, 7});
  EXPECT_NEAR((std::vector<double>{0, 0.5, 6, 7}), apply(node_of(Op::Relu), {x}, nullptr, true), 0);
  EXPECT_NEAR((std::vector<double>{0, 0.5, 6, 6}), apply(node_of(Op::Relu6), {x}, nullptr, true),
              0);
  EXPECT_NEAR((std::vector<double>{-4, 1, 12, 14}), apply(node_of(Op::Add), {x, x}, nullptr, true),
              0);
  for (const auto op : {Op::Relu, Op::Relu6, Op::Hardswish, Op::Hardsigmoid, Op::Add, Op::Mul,
                        Op::MaxPool, Op::AvgPool}) {
    EXPECT(make_parameters(node_of(op), 1).empty());
  }
}

}  // namespace
}  // namespace ssd
