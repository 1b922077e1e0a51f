#include "models/graph.h"

#include <algorithm>

#include "core/error.h"

namespace ssd {

void check_graph(const Graph& graph) {
  if (graph.loc.empty() || graph.loc.size() != graph.conf.size()) {
    throw Error(Code::BadOption, "graph: expected as many loc maps as conf maps, got " +
                                     std::to_string(graph.loc.size()) + " and " +
                                     std::to_string(graph.conf.size()));
  }
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const auto& node = graph.nodes[i];
    const size_t needed = node.op == Op::Add || node.op == Op::Mul ? 2 : 1;
    const bool known = std::all_of(node.inputs.begin(), node.inputs.end(), [i](int64_t input) {
      return input >= 0 && input <= static_cast<int64_t>(i);
    });
    if (node.inputs.size() != needed || !known) {
      throw Error(Code::BadOption, "graph: node " + std::to_string(i) +
                                       " expected earlier values as inputs, got others");
    }
  }
  for (const auto* outputs : {&graph.loc, &graph.conf}) {
    for (const auto value : *outputs) {
      if (value >= 0 && value <= static_cast<int64_t>(graph.nodes.size())) continue;
      throw Error(Code::BadOption, "graph: expected maps among " +
                                       std::to_string(graph.nodes.size()) + " nodes, got " +
                                       std::to_string(value));
    }
  }
}

}  // namespace ssd
