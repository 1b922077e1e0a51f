#include "models/model.h"

#include <ATen/autocast_mode.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>

#include <algorithm>
#include <utility>

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
  plan_ = make_plan(graph_);
  folded_.resize(graph_.nodes.size());
  for (size_t i = 0; i < graph_.nodes.size(); ++i) {
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
  touch();
}

Output Model::infer(const at::Tensor& images) {
  const at::NoGradGuard guard;
  refresh_folded();
  return run(images, [this](size_t i, const Inputs& inputs) { return infer_node(i, inputs); });
}

Output Model::train(const at::Tensor& images, const std::vector<std::string>& frozen) {
  touch();
  return run(images, [&](size_t i, const Inputs& inputs) {
    const auto& node = graph_.nodes[i];
    return train_node(i, inputs, !starts_with_any(node.name, frozen));
  });
}

Model::Made Model::train_node(size_t i, const Inputs& inputs, bool live) {
  const auto& node = graph_.nodes[i];
  const auto& next = plan_.activation[i];
  if (node.op != Op::BatchNorm || !next) return {i, apply(node, inputs, tensors(i), live)};
  return {*next, apply_norm(node, &graph_.nodes[*next], inputs[0], tensors(i), live)};
}

Model::Made Model::infer_node(size_t i, const Inputs& inputs) {
  const auto& node = graph_.nodes[i];
  if (node.op != Op::Conv) return train_node(i, inputs, false);
  const auto last = plan_.norm[i].value_or(i);
  const auto& next = plan_.activation[last];
  return {next.value_or(last),
          apply_folded(node, folded_[i], next ? &graph_.nodes[*next] : nullptr, inputs[0])};
}

// An update in place counts a tensor's version up, but for the fused optimizers and the statistics
// of a step: those come after a touch().
void Model::refresh_folded() {
  const auto device = this->device().type();
  Fold fold_of{touched_, at::kFloat};
  for (const auto& parameter : parameters_) fold_of.version += parameter.value._version();
  if (at::autocast::is_autocast_enabled(device)) {
    fold_of.type = at::autocast::get_autocast_dtype(device);
  }
  if (fold_of == fold_) return;
  for (size_t i = 0; i < graph_.nodes.size(); ++i) {
    if (graph_.nodes[i].op != Op::Conv) continue;
    const auto& norm = plan_.norm[i];
    folded_[i] = fold(graph_.nodes[i], tensors(i), norm ? &graph_.nodes[*norm] : nullptr,
                      norm ? tensors(*norm) : nullptr, fold_of.type);
  }
  fold_ = fold_of;
}

Output Model::run(const at::Tensor& images, const Step& step) {
  check_shape(images, {-1, 3, -1, -1}, "images");
  check_same_device(images, parameters_.front().value, "images and model");
  const auto count = graph_.nodes.size();
  std::vector<at::Tensor> values(count + 1);
  values[0] = images.contiguous(at::MemoryFormat::ChannelsLast);
  for (size_t i = 0; i < count; ++i) {
    Inputs inputs;
    for (const auto input : graph_.nodes[i].inputs) {
      inputs.push_back(values[static_cast<size_t>(input)]);
    }
    for (const auto input : graph_.nodes[i].inputs) {
      const auto at = static_cast<size_t>(input);
      if (plan_.last_use[at] == i) values[at].reset();
    }
    // Without its input, a node ran as one with an earlier one.
    if (!inputs[0].defined()) continue;
    auto [end, value] = step(i, inputs);
    values[end + 1] = std::move(value);
  }
  std::vector<at::Tensor> loc, conf;
  for (const auto value : graph_.loc) loc.push_back(rows(values[static_cast<size_t>(value)], 4));
  for (const auto value : graph_.conf) {
    conf.push_back(rows(values[static_cast<size_t>(value)], graph_.num_classes));
  }
  return {at::cat(loc, 1), at::cat(conf, 1)};
}

}  // namespace ssd
