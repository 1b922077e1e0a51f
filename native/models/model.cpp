#include "models/model.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>

#include <algorithm>
#include <limits>

#include "core/bytes.h"
#include "core/check.h"

namespace ssd {

namespace {

// [B, A*K, H, W] -> [B, H*W*A, K]: rows in the order of the priors.
at::Tensor rows(const at::Tensor& map, int64_t columns) {
  return map.permute({0, 2, 3, 1}).reshape({map.size(0), -1, columns});
}

}  // namespace

bool starts_with_any(const std::string& name, const std::vector<std::string>& prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&](const std::string& prefix) { return name.starts_with(prefix); });
}

Model::Model(Graph graph, uint64_t seed) : graph_(std::move(graph)) {
  check_graph(graph_);
  last_use_.assign(graph_.nodes.size() + 1, 0);
  for (size_t i = 0; i < graph_.nodes.size(); ++i) {
    for (const auto input : graph_.nodes[i].inputs) last_use_[static_cast<size_t>(input)] = i;
    first_.push_back(parameters_.size());
    for (auto& parameter : make_parameters(graph_.nodes[i], seed)) {
      if (!index_.emplace(parameter.name, parameters_.size()).second) {
        throw Error(Code::BadOption,
                    "graph: expected unique names, got " + parameter.name + " twice");
      }
      parameters_.push_back(std::move(parameter));
    }
  }
  if (parameters_.empty()) throw Error(Code::BadOption, "graph: expected tensors, got none");
  for (const auto* outputs : {&graph_.loc, &graph_.conf}) {
    for (const auto value : *outputs) {
      last_use_.at(static_cast<size_t>(value)) = std::numeric_limits<size_t>::max();
    }
  }
}

Parameter& Model::parameter(const std::string& name) {
  const auto found = index_.find(name);
  if (found != index_.end()) return parameters_[found->second];
  throw Error(Code::BadCheckpoint, "expected a tensor of the model, got the name " + name);
}

void Model::assign(const std::string& name, std::span<const uint8_t> bytes,
                   std::optional<at::ScalarType> type) {
  copy_bytes(parameter(name).value, bytes, type, name);
}

void Model::to(at::Device device) {
  if (uses != 0 && device != this->device()) {
    throw Error(Code::BadOption,
                "to: expected a detector that no run or Trainer uses, got one that would leave it");
  }
  for (auto& parameter : parameters_) parameter.value = parameter.value.to(device);
}

Output Model::infer(const at::Tensor& images) {
  const at::NoGradGuard guard;
  return run(images, false, {});
}

Output Model::train(const at::Tensor& images, const std::vector<std::string>& frozen) {
  return run(images, true, frozen);
}

Output Model::run(const at::Tensor& images, bool training, const std::vector<std::string>& frozen) {
  check_shape(images, {-1, 3, -1, -1}, "images");
  check_same_device(images, parameters_.front().value, "images and model");
  std::vector<at::Tensor> values(graph_.nodes.size() + 1);
  values[0] = images.contiguous(at::MemoryFormat::ChannelsLast);
  for (size_t i = 0; i < graph_.nodes.size(); ++i) {
    const auto& node = graph_.nodes[i];
    std::vector<at::Tensor> inputs;
    for (const auto input : node.inputs) inputs.push_back(values[static_cast<size_t>(input)]);
    const bool live = training && !starts_with_any(node.name, frozen);
    const auto* parameters = parameters_.data() + first_[i];
    values[i + 1] = apply(node, inputs, parameters, live);
    for (const auto input : node.inputs) {
      if (last_use_[static_cast<size_t>(input)] == i) values[static_cast<size_t>(input)].reset();
    }
  }
  std::vector<at::Tensor> loc, conf;
  for (const auto value : graph_.loc) loc.push_back(rows(values[static_cast<size_t>(value)], 4));
  for (const auto value : graph_.conf) {
    conf.push_back(rows(values[static_cast<size_t>(value)], graph_.num_classes));
  }
  return {at::cat(loc, 1), at::cat(conf, 1)};
}

}  // namespace ssd
