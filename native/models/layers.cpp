#include "models/layers.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/batch_norm.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/full.h>
#include <ATen/ops/hardsigmoid.h>
#include <ATen/ops/hardswish.h>
#include <ATen/ops/hardtanh.h>
#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/zeros.h>

#include <limits>

#include "models/init.h"

namespace ssd {

namespace {

std::vector<Parameter> conv_parameters(const Node& node, uint64_t seed) {
  const auto name = node.name + ".weight";
  auto weight = at::zeros({node.out, node.in / node.groups, node.kernel, node.kernel}, at::kFloat);
  initialize(weight, node.init, seed, name);
  // Channels last is the fast layout of convolutions on both devices; the state dict is unaffected.
  std::vector<Parameter> out{{name, weight.contiguous(at::MemoryFormat::ChannelsLast)}};
  if (node.bias) out.push_back({node.name + ".bias", at::zeros({node.out}, at::kFloat)});
  return out;
}

std::vector<Parameter> norm_parameters(const Node& node) {
  return {{node.name + ".weight", at::ones({node.out}, at::kFloat)},
          {node.name + ".bias", at::zeros({node.out}, at::kFloat)},
          {node.name + ".running_mean", at::zeros({node.out}, at::kFloat), true},
          {node.name + ".running_var", at::ones({node.out}, at::kFloat), true},
          {node.name + ".num_batches_tracked", at::zeros({}, at::kLong), true}};
}

at::Tensor batch_norm(const Node& node, const at::Tensor& input, const Parameter* p,
                      bool training) {
  if (training) p[4].value.add_(1);
  return at::batch_norm(input, p[0].value, p[1].value, p[2].value, p[3].value, training,
                        node.momentum, node.eps, /*cudnn_enabled=*/true);
}

// x / (|x| over the channels + 1e-10) * weight (Liu et al., ParseNet). The root's slope is infinite
// at 0, and infinity times nothing is no gradient: from where 1e-10 is all that counts it is held
// level.
at::Tensor l2_norm(const at::Tensor& input, const at::Tensor& weight) {
  const auto square = input.square().sum(1, true);
  const auto norm = square.clamp_min(std::numeric_limits<float>::min()).sqrt() + 1e-10;
  return input / norm * weight.reshape({1, -1, 1, 1});
}

}  // namespace

std::vector<Parameter> make_parameters(const Node& node, uint64_t seed) {
  switch (node.op) {
    case Op::Conv:
      return conv_parameters(node, seed);
    case Op::BatchNorm:
      return norm_parameters(node);
    case Op::L2Norm:
      return {{node.name + ".weight", at::full({node.out}, node.constant, at::kFloat)}};
    default:
      return {};
  }
}

at::Tensor apply(const Node& node, const std::vector<at::Tensor>& inputs, const Parameter* p,
                 bool training) {
  const auto& x = inputs[0];
  switch (node.op) {
    case Op::Conv:
      return at::conv2d(x, p[0].value, node.bias ? p[1].value : at::Tensor(), node.stride,
                        node.padding, node.dilation, node.groups);
    case Op::BatchNorm:
      return batch_norm(node, x, p, training);
    case Op::Relu:
      return at::relu(x);
    case Op::Relu6:
      return at::hardtanh(x, 0, 6);
    case Op::Hardswish:
      return at::hardswish(x);
    case Op::Hardsigmoid:
      return at::hardsigmoid(x);
    case Op::AvgPool:
      return x.mean({2, 3}, /*keepdim=*/true);
    case Op::MaxPool:
      return at::max_pool2d(x, node.kernel, node.stride, node.padding, 1, node.ceil);
    case Op::L2Norm:
      return l2_norm(x, p[0].value);
    case Op::Add:
      return x + inputs[1];
    case Op::Mul:
      return x * inputs[1];
  }
  return x;
}

}  // namespace ssd
