#pragma once

#include <ATen/core/Tensor.h>

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "losses/multibox.h"
#include "models/folded.h"
#include "models/graph.h"
#include "models/layers.h"
#include "models/plan.h"

namespace ssd {

// A detector: its graph and the named list of tensors that is its state dict.
//
// One writer at a time: a training step holds `mutex` while it changes the tensors, inference while
// it reads them, so a model can be asked for detections while it trains.
class Model {
 public:
  Model(Graph graph, uint64_t seed);

  const Graph& graph() const { return graph_; }
  std::vector<Parameter>& parameters() { return parameters_; }
  Parameter& parameter(const std::string& name);
  // Copies elements into a tensor of the state dict, as copy_bytes does.
  void assign(const std::string& name, std::span<const uint8_t> bytes,
              std::optional<at::ScalarType> type = {});
  at::Device device() const { return parameters_.front().value.device(); }
  // BadOption while a run uses it: the run holds the tensors that would be left behind.
  void to(at::Device device);

  // Says that tensors change in a way that does not count their versions up, as fused optimizers
  // do.
  void touch() { ++touched_; }

  // loc and conf of images [B, 3, S, S], in evaluation mode and without a graph. BatchNorms are
  // folded into the convolutions before them, which is done again when the tensors have changed.
  Output infer(const at::Tensor& images);

  // The same in training mode, under autograd. Nodes whose name starts with one of `frozen` keep
  // their BatchNorm statistics.
  Output train(const at::Tensor& images, const std::vector<std::string>& frozen);

  std::mutex mutex;
  std::atomic<int> uses = 0;  // by runs: train/claim.h

 private:
  using Inputs = std::vector<at::Tensor>;
  // A value and the node whose it is: the last of those that ran as one.
  struct Made {
    size_t node;
    at::Tensor value;
  };
  using Step = std::function<Made(size_t node, const Inputs& inputs)>;
  // What the folded convolutions were made of.
  struct Fold {
    uint64_t touched;
    at::ScalarType type;
    uint64_t version = 0;
    bool operator==(const Fold&) const = default;
  };

  const Parameter* tensors(size_t node) const { return parameters_.data() + first_[node]; }
  Output run(const at::Tensor& images, const Step& step);
  Made train_node(size_t node, const Inputs& inputs, bool live);
  Made infer_node(size_t node, const Inputs& inputs);
  void refresh_folded();

  Graph graph_;
  std::vector<Parameter> parameters_;
  std::vector<size_t> first_;  // of each node, its first parameter
  Plan plan_;
  std::vector<Folded> folded_;  // of each node; convolutions have one
  std::optional<Fold> fold_;
  uint64_t touched_ = 0;
  std::unordered_map<std::string, size_t> index_;
};

bool starts_with_any(const std::string& name, const std::vector<std::string>& prefixes);

}  // namespace ssd
