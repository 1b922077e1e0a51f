#include "train/session.h"

#include <ATen/TensorOperators.h>

#include <cmath>
#include <limits>

#include "core/error.h"
#include "fixtures.h"
#include "tensors.h"

namespace ssd {
namespace {

std::shared_ptr<Model> tiny(uint64_t seed = 1) {
  return std::make_shared<Model>(tiny_graph(), seed);
}

template <class Change>
SessionOptions with(Change change) {
  SessionOptions options;
  change(options);
  return options;
}

Session plain(const std::shared_ptr<Model>& student, const SessionOptions& options = {}) {
  return {student, nullptr, prior_boxes(tiny_grid()), options};
}

// What a session computes before its first update, piece by piece.
Losses first_loss(Model& model) {
  const auto batch = tiny_batch();
  const auto priors = prior_boxes(tiny_grid());
  return evaluate_loss(model.train(batch.images, {}), {}, batch.targets, priors, {}).losses;
}

Batch batch_with(double value) {
  auto batch = tiny_batch();
  batch.images.select(0, 1).select(0, 2).select(0, 3).select(0, 4).fill_(value);
  return batch;
}

TEST(a_step_lowers_the_loss_of_its_batch) {
  for (const auto precision : {Precision::Fp32, Precision::Bf16}) {
    auto session = plain(tiny(), with([&](auto& o) { o.precision = precision; }));
    const auto first = session.step(tiny_batch(), 1e-3);
    auto last = session.step(tiny_batch(), 1e-2);
    EXPECT(last.total < first.total);
    for (int i = 0; i < 60; ++i) last = session.step(tiny_batch(), 1e-2);
    EXPECT(last.total < first.total / 3);
  }
}

TEST(a_result_tells_the_terms) {
  const auto expected = first_loss(*tiny());
  const auto result = plain(tiny()).step(tiny_batch(), 0.01);
  EXPECT_NEAR(expected.conf.item<double>(), result.conf, 1e-6);
  EXPECT_NEAR(expected.loc.item<double>(), result.loc, 1e-6);
  EXPECT_NEAR(result.conf + result.loc, result.total, 1e-6);
  EXPECT_EQ(expected.num_positives.item<int64_t>(), result.num_positives);
  EXPECT(result.num_positives >= 2);
  EXPECT_EQ(0, result.unmatched);
  EXPECT(!result.soft && !result.l2);
}

TEST(the_gradient_reaches_the_weights) {
  // SGD without momentum moves a weight by lr times its gradient: compared with a difference of
  // the loss along one weight of the first layer.
  const auto weight = [](Model& model) {
    auto& value = model.parameter("body.conv.weight").value;
    return value.detach().select(0, 0).select(0, 0).select(0, 1).select(0, 1);
  };
  const auto loss_at = [&](double shift) {
    const auto model = tiny();
    weight(*model).add_(shift);
    return first_loss(*model).objective.item<double>();
  };
  const auto student = tiny();
  const auto before = weight(*student).item<double>();
  plain(student, with([](auto& o) { o.optimizer.momentum = 0; })).step(tiny_batch(), 0.01);
  const double slope = (loss_at(1e-2) - loss_at(-1e-2)) / 2e-2;
  EXPECT_NEAR(slope, (before - weight(*student).item<double>()) / 0.01, 0.02 * std::abs(slope));
  EXPECT(std::abs(slope) > 1e-2);
}

TEST(a_batch_that_diverges_changes_nothing) {
  for (const double value : {std::nan(""), std::numeric_limits<double>::infinity()}) {
    for (const auto rule : {Rule::Sgd, Rule::AdamW}) {
      const auto student = tiny(), other = tiny();
      const auto options = with([&](auto& o) { o.optimizer.rule = rule; });
      auto session = plain(student, options), untroubled = plain(other, options);
      session.step(tiny_batch(), 0.01);
      untroubled.step(tiny_batch(), 0.01);
      const Snapshot before(*student);
      EXPECT_THROWS(Code::Diverged, session.step(batch_with(value), 0.01));
      EXPECT_EQ(kNothing, before.changed(*student));
      // Neither the optimizer nor the statistics remember it.
      session.step(tiny_batch(), 0.01);
      untroubled.step(tiny_batch(), 0.01);
      EXPECT_EQ(kNothing, Snapshot(*other).changed(*student));
    }
  }
}

TEST(divergence_names_the_pictures) {
  auto session = plain(tiny());
  try {
    session.step(batch_with(std::nan("")), 0.01);
    EXPECT(false);
  } catch (const Error& error) {
    EXPECT(std::string(error.what()).find("index 4 9") != std::string::npos);
  }
}

TEST(a_step_that_cannot_be_computed_changes_nothing) {
  const auto student = tiny();
  auto session = plain(student);
  const Snapshot before(*student);
  auto batch = tiny_batch();
  batch.targets.labels.add_(10);  // classes that the student does not have
  bool thrown = false;
  try {
    session.step(batch, 0.01);
  } catch (const std::exception&) {
    thrown = true;
  }
  EXPECT(thrown);
  EXPECT_EQ(kNothing, before.changed(*student));
}

TEST(frozen_tensors_do_not_train) {
  const auto student = tiny();
  const Snapshot before(*student);
  auto session = plain(student, with([](auto& o) { o.freeze = {"body."}; }));
  session.step(tiny_batch(), 0.01);
  EXPECT_EQ((std::set<std::string>{"conf.0.bias", "conf.0.weight", "loc.0.bias", "loc.0.weight"}),
            before.changed(*student));
  const auto all = with([](auto& o) { o.freeze = {"body", "loc", "conf"}; });
  EXPECT_THROWS(Code::BadOption, plain(student, all));
}

TEST(a_session_leaves_no_gradients_behind) {
  const auto student = tiny();
  plain(student).step(tiny_batch(), 0.01);
  for (const auto& parameter : student->parameters()) {
    EXPECT(!parameter.value.requires_grad() && !parameter.value.grad().defined());
  }
}

TEST(two_runs_are_the_same_to_the_bit) {
  const auto first = tiny(), second = tiny();
  for (const auto& student : {first, second}) {
    auto session = plain(student, with([](auto& o) { o.optimizer.rule = Rule::Adam; }));
    for (int i = 0; i < 3; ++i) session.step(tiny_batch(), 0.01);
  }
  EXPECT_EQ(kNothing, Snapshot(*first).changed(*second));
}

}  // namespace
}  // namespace ssd
