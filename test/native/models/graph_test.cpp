#include "models/graph.h"

#include "check.h"
#include "core/error.h"
#include "fixtures.h"

namespace ssd {
namespace {

// The tiny graph after a change; true when it is still one.
template <class Change>
bool holds(Change change) {
  auto graph = tiny_graph();
  change(graph);
  check_graph(graph);
  return true;
}

TEST(a_graph_has_a_map_of_offsets_for_each_map_of_logits) {
  EXPECT(holds([](Graph&) {}));
  EXPECT_THROWS(Code::BadOption, holds([](Graph& graph) { graph.loc = {}; }));
  EXPECT_THROWS(Code::BadOption, holds([](Graph& graph) { graph.conf = {5, 5}; }));
  EXPECT_THROWS(Code::BadOption, holds([](Graph& graph) { graph.loc = {6}; }));
  EXPECT_THROWS(Code::BadOption, holds([](Graph& graph) { graph.conf = {-1}; }));
}

TEST(a_node_takes_earlier_values) {
  EXPECT_THROWS(Code::BadOption, holds([](Graph& graph) { graph.nodes[1].inputs = {2}; }));
  EXPECT_THROWS(Code::BadOption, holds([](Graph& graph) { graph.nodes[1].inputs = {-1}; }));
  EXPECT_THROWS(Code::BadOption, holds([](Graph& graph) { graph.nodes[1].inputs = {}; }));
}

TEST(a_sum_and_a_product_take_two) {
  for (const auto op : {Op::Add, Op::Mul}) {
    EXPECT_THROWS(Code::BadOption, holds([op](Graph& graph) { graph.nodes[2].op = op; }));
    EXPECT(holds([op](Graph& graph) {
      graph.nodes[2].op = op;
      graph.nodes[2].inputs = {1, 2};
    }));
  }
  EXPECT_THROWS(Code::BadOption, holds([](Graph& graph) { graph.nodes[2].inputs = {1, 2}; }));
}

}  // namespace
}  // namespace ssd
