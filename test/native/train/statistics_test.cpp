#include "train/statistics.h"

#include "fixtures.h"
#include "tensors.h"

namespace ssd {
namespace {

// Training mode leaves its traces in the statistics.
void see(Model& model) {
  model.train(tiny_batch().images, {});
}

TEST(moving_the_buffers_changes_nothing_for_who_holds_them) {
  Model model(tiny_graph(), 1), other(tiny_graph(), 1);
  see(model);
  see(other);
  const auto held = model.parameter("body.norm.running_mean").value;
  const Statistics statistics(model.parameters());
  EXPECT_EQ(kNothing, Snapshot(other).changed(model));
  see(model);
  see(other);
  EXPECT_EQ(kNothing, Snapshot(other).changed(model));
  EXPECT(same_bits(model.parameter("body.norm.running_mean").value, held));
}

TEST(they_come_back_to_the_bit) {
  Model model(tiny_graph(), 1);
  see(model);
  Statistics statistics(model.parameters());
  const Snapshot before(model);
  statistics.keep();
  see(model);
  EXPECT_EQ((std::set<std::string>{"body.norm.num_batches_tracked", "body.norm.running_mean",
                                   "body.norm.running_var"}),
            before.changed(model));
  statistics.restore_if(floats({1}, {0}));
  EXPECT_EQ(3, before.changed(model).size());
  statistics.restore_if(floats({1}, {1}));
  EXPECT_EQ(kNothing, before.changed(model));
  see(model);
  statistics.restore();
  EXPECT_EQ(kNothing, before.changed(model));
}

TEST(what_is_not_finite_is_forgotten_too) {
  Model model(tiny_graph(), 1);
  Statistics statistics(model.parameters());
  const Snapshot before(model);
  statistics.keep();
  model.parameter("body.norm.running_var").value.fill_(std::nan(""));
  statistics.restore_if(floats({1}, {1}));
  EXPECT_EQ(kNothing, before.changed(model));
}

TEST(a_model_without_any_has_none) {
  Statistics statistics({{"weight", floats({1}, {2})}});
  statistics.keep();
  statistics.restore();
  statistics.restore_if(floats({1}, {1}));
}

}  // namespace
}  // namespace ssd
