// The session with a teacher.
#include <ATen/TensorOperators.h>

#include <cmath>

#include "core/error.h"
#include "fixtures.h"
#include "tensors.h"
#include "train/session.h"

namespace ssd {
namespace {

constexpr double kRate = 0.01;

std::shared_ptr<Model> tiny(uint64_t seed) {
  return std::make_shared<Model>(tiny_graph(), seed);
}

Session session_of(const std::shared_ptr<Model>& student, const std::shared_ptr<Model>& teacher,
                   const SessionOptions& options = {}) {
  return {student, teacher, prior_boxes(tiny_grid()), options};
}

TEST(the_teacher_stays_as_it_is_to_the_bit) {
  const auto student = tiny(1), teacher = tiny(2);
  const Snapshot before(*teacher);
  auto session = session_of(student, teacher);
  for (int i = 0; i < 5; ++i) {
    const auto result = session.step(tiny_batch(), kRate);
    EXPECT(result.soft && result.l2);
    EXPECT_NEAR(0.3 * *result.soft + 0.7 * result.conf + 0.5 * *result.l2 + result.loc,
                result.total, 1e-4);
  }
  EXPECT_EQ(kNothing, before.changed(*teacher));
  for (const auto& parameter : teacher->parameters()) {
    EXPECT(!parameter.value.requires_grad() && !parameter.value.grad().defined());
  }
}

TEST(distillation_with_weights_zero_is_plain_training_to_the_bit) {
  const auto alone = tiny(1), distilled = tiny(1);
  SessionOptions options;
  options.loss.kd = {.mu = 1, .nu = 0};
  auto session = session_of(alone, nullptr, options);
  auto other = session_of(distilled, tiny(2), options);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(session.step(tiny_batch(), kRate).total, other.step(tiny_batch(), kRate).total);
  }
  EXPECT_EQ(kNothing, Snapshot(*alone).changed(*distilled));
}

TEST(the_student_learns_from_the_teacher) {
  // Of the soft term alone, the student comes to say what its teacher says.
  const auto student = tiny(1), teacher = tiny(2);
  SessionOptions options;
  options.loss.kd = {.soft = Soft::KullbackLeibler, .mu = 0, .nu = 0};
  auto session = session_of(student, teacher, options);
  const double first = *session.step(tiny_batch(), kRate).soft;
  double last = first;
  for (int i = 0; i < 60; ++i) last = *session.step(tiny_batch(), kRate).soft;
  EXPECT(last < first / 4);
}

TEST(the_teacher_sees_pictures_on_its_own_scale) {
  SessionOptions options;
  const auto soft = [&] {
    return *session_of(tiny(1), tiny(2), options).step(tiny_batch(), kRate).soft;
  };
  const double unscaled = soft();
  options.teacher_input = InputScale{{2, 0.5, -1}, {0.25, 0, 3}};
  const auto batch = tiny_batch();
  const auto shown =
      batch.images * floats({1, 3, 1, 1}, {2, 0.5, -1}) + floats({1, 3, 1, 1}, {0.25, 0, 3});
  const auto expected = evaluate_loss(tiny(1)->train(batch.images, {}), tiny(2)->infer(shown),
                                      batch.targets, prior_boxes(tiny_grid()), {});
  EXPECT_NEAR(expected.losses.soft.item<double>(), soft(), 1e-5);
  EXPECT(std::abs(unscaled - soft()) > 1e-2);
}

TEST(a_student_cannot_be_its_own_teacher) {
  const auto student = tiny(1);
  EXPECT_THROWS(Code::BadOption, session_of(student, student));
}

TEST(a_teacher_with_other_outputs_throws_and_changes_nothing) {
  auto graph = tiny_graph();
  graph.num_classes = 4;
  graph.nodes[4].out = 8;
  const auto student = tiny(1);
  const Snapshot before(*student);
  auto session = session_of(student, std::make_shared<Model>(graph, 2));
  EXPECT_THROWS(Code::BadOption, session.step(tiny_batch(), kRate));
  EXPECT_EQ(kNothing, before.changed(*student));
}

}  // namespace
}  // namespace ssd
