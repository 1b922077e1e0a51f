#pragma once

#include <ATen/core/Tensor.h>

#include <atomic>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "losses/multibox.h"
#include "models/graph.h"
#include "models/layers.h"

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

  // loc and conf of images [B, 3, S, S], in evaluation mode and without a graph.
  Output infer(const at::Tensor& images);

  // The same in training mode, under autograd. Nodes whose name starts with one of `frozen` keep
  // their BatchNorm statistics.
  Output train(const at::Tensor& images, const std::vector<std::string>& frozen);

  std::mutex mutex;
  std::atomic<int> uses = 0;  // by runs: train/claim.h

 private:
  Output run(const at::Tensor& images, bool training, const std::vector<std::string>& frozen);

  Graph graph_;
  std::vector<Parameter> parameters_;
  std::vector<size_t> first_;     // of each node, its first parameter
  std::vector<size_t> last_use_;  // of each value, the node after which it may go
  std::unordered_map<std::string, size_t> index_;
};

bool starts_with_any(const std::string& name, const std::vector<std::string>& prefixes);

}  // namespace ssd
