#include "fixtures.h"

#include <ATen/ops/zeros.h>

#include "tensors.h"

namespace {

ssd::Node conv(const std::string& name, int64_t input, int64_t in, int64_t out, int64_t stride) {
  ssd::Node node;
  node.op = ssd::Op::Conv;
  node.name = name;
  node.inputs = {input};
  node.in = in;
  node.out = out;
  node.kernel = 3;
  node.stride = stride;
  node.padding = 1;
  return node;
}

ssd::Node head(const std::string& name, int64_t out) {
  auto node = conv(name, 3, 8, out, 1);
  node.bias = true;
  node.init = ssd::Init::Xavier;
  return node;
}

}  // namespace

ssd::PriorGrid ssd300_grid() {
  return {300,
          {38, 19, 10, 5, 3, 1},
          {8, 16, 32, 64, 100, 300},
          {30, 60, 111, 162, 213, 264, 315},
          {{2}, {2, 3}, {2, 3}, {2, 3}, {2}, {2}},
          ssd::Clip::Centres};
}

ssd::Graph tiny_graph() {
  ssd::Node norm;
  norm.op = ssd::Op::BatchNorm;
  norm.name = "body.norm";
  norm.inputs = {1};
  norm.out = 8;
  ssd::Node relu6;
  relu6.op = ssd::Op::Relu6;
  relu6.inputs = {2};
  return {{conv("body.conv", 0, 3, 8, 2), norm, relu6, head("loc.0", 2 * 4),
           head("conf.0", 2 * kTinyClasses)},
          {4},
          {5},
          kTinyClasses};
}

ssd::PriorGrid tiny_grid() {
  return {16, {8}, {2}, {4, 9}, {{}}, ssd::Clip::Centres};
}

ssd::Batch tiny_batch() {
  auto images = at::zeros({2, 3, kTinySide, kTinySide});
  images.select(0, 0).narrow(1, 2, 6).narrow(2, 2, 6).fill_(1);
  images.select(0, 1).narrow(1, 8, 4).narrow(2, 9, 4).fill_(-1);
  const ssd::Truths first{{0.125F, 0.125F, 0.5F, 0.5F}, {0}};
  const ssd::Truths second{{0.5625F, 0.5F, 0.8125F, 0.75F}, {1}};
  return {images, ssd::pad({first, second}), {4, 9}, {}};
}

Snapshot::Snapshot(ssd::Model& model) {
  for (const auto& parameter : model.parameters()) {
    values_.push_back(parameter.value.detach().clone());
  }
}

std::set<std::string> Snapshot::changed(ssd::Model& model) const {
  std::set<std::string> out;
  for (size_t i = 0; i < values_.size(); ++i) {
    const auto& parameter = model.parameters().at(i);
    if (!same_bits(values_[i], parameter.value)) out.insert(parameter.name);
  }
  return out;
}
