#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "models/graph.h"

namespace ssd {

// How a graph is run, found once. A node runs as one with the next when nothing else takes the
// value between them, neither a node nor the output.
struct Plan {
  std::vector<std::optional<size_t>> norm;        // the BatchNorm that alone takes a Conv's value
  std::vector<std::optional<size_t>> activation;  // the activation that alone takes a node's value
  std::vector<size_t> last_use;                   // of each value, the node after which it may go
};

Plan make_plan(const Graph& graph);

}  // namespace ssd
