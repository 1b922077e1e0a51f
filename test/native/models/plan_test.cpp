#include "models/plan.h"

#include <limits>

#include "check.h"
#include "fixtures.h"

namespace ssd {
namespace {

using Place = std::optional<size_t>;

TEST(a_convolution_its_norm_and_their_activation_run_as_one) {
  const auto plan = make_plan(tiny_graph());
  EXPECT(plan.norm[0] == Place(1));
  EXPECT(plan.activation[1] == Place(2));
  // Not a convolution: the map of the heads is taken by two.
  EXPECT(!plan.norm[1] && !plan.norm[2] && !plan.activation[2]);
  EXPECT_EQ(0, plan.last_use[0]);
  EXPECT_EQ(4, plan.last_use[3]);
  EXPECT_EQ(std::numeric_limits<size_t>::max(), plan.last_use[4]);
}

TEST(what_another_node_takes_too_stays_apart) {
  auto graph = tiny_graph();
  graph.nodes[3].inputs = {1};  // a head on the convolution
  EXPECT(!make_plan(graph).norm[0]);
  graph.nodes[3].inputs = {2};  // on the norm
  EXPECT(make_plan(graph).norm[0] == Place(1));
  EXPECT(!make_plan(graph).activation[1]);
}

TEST(so_does_what_is_an_output) {
  auto graph = tiny_graph();
  graph.loc = {2};
  EXPECT(!make_plan(graph).activation[1]);
  graph.loc = {1};
  EXPECT(!make_plan(graph).norm[0]);
}

TEST(a_sum_is_no_activation) {
  auto graph = tiny_graph();
  graph.nodes[2].op = Op::Add;
  graph.nodes[2].inputs = {2, 2};
  EXPECT(!make_plan(graph).activation[1]);
}

}  // namespace
}  // namespace ssd
