#include "models/layers.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/full.h>
#include <ATen/ops/hardsigmoid.h>
#include <ATen/ops/hardswish.h>
#include <ATen/ops/hardtanh.h>
#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/zeros.h>

#include "models/init.h"
#include "models/l2_norm.h"
#include "models/norm_act.h"

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

Activation activation_of(const Node* node) {
  if (node == nullptr) return {};
  switch (node->op) {
    case Op::Relu:
      return {.low = 0};
    case Op::Relu6:
      return {.low = 0, .high = 6};
    case Op::Hardswish:
      return {.hardswish = true};
    default:
      return {};
  }
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

bool is_activation(Op op) {
  return op == Op::Relu || op == Op::Relu6 || op == Op::Hardswish;
}

at::Tensor apply_norm(const Node& norm, const Node* activation, const at::Tensor& input,
                      const Parameter* p, bool training) {
  if (training) p[4].value.add_(1);
  return norm_act(input, {p[0].value, p[1].value, p[2].value, p[3].value, norm.momentum, norm.eps},
                  activation_of(activation), training);
}

at::Tensor apply(const Node& node, const std::vector<at::Tensor>& inputs, const Parameter* p,
                 bool training) {
  const auto& x = inputs[0];
  switch (node.op) {
    case Op::Conv:
      return at::conv2d(x, p[0].value, node.bias ? p[1].value : at::Tensor(), node.stride,
                        node.padding, node.dilation, node.groups);
    case Op::BatchNorm:
      return apply_norm(node, nullptr, x, p, training);
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
