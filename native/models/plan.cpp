#include "models/plan.h"

#include <algorithm>
#include <limits>

#include "models/layers.h"

namespace ssd {

Plan make_plan(const Graph& graph) {
  const auto count = graph.nodes.size();
  std::vector<std::vector<size_t>> users(count + 1);
  Plan out{std::vector<std::optional<size_t>>(count), std::vector<std::optional<size_t>>(count),
           std::vector<size_t>(count + 1, 0)};
  for (size_t i = 0; i < count; ++i) {
    for (const auto input : graph.nodes[i].inputs) {
      users[static_cast<size_t>(input)].push_back(i);
      out.last_use[static_cast<size_t>(input)] = i;
    }
  }
  for (const auto* outputs : {&graph.loc, &graph.conf}) {
    for (const auto value : *outputs) {
      out.last_use[static_cast<size_t>(value)] = std::numeric_limits<size_t>::max();
    }
  }
  for (size_t i = 0; i < count; ++i) {
    const auto& takers = users[i + 1];
    if (takers.size() != 1 || out.last_use[i + 1] != takers[0]) continue;
    const auto next = graph.nodes[takers[0]].op;
    if (next == Op::BatchNorm && graph.nodes[i].op == Op::Conv) out.norm[i] = takers[0];
    if (is_activation(next)) out.activation[i] = takers[0];
  }
  return out;
}

}  // namespace ssd
