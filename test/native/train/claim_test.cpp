#include "train/claim.h"

#include <optional>

#include "fixtures.h"
#include "tensors.h"
#include "train/session.h"

namespace ssd {
namespace {

std::shared_ptr<Model> tiny(uint64_t seed = 1) {
  return std::make_shared<Model>(tiny_graph(), seed);
}

std::optional<Session> session_of(const std::shared_ptr<Model>& student,
                                  const std::shared_ptr<Model>& teacher = nullptr,
                                  const SessionOptions& options = {}) {
  return std::optional<Session>(std::in_place, student, teacher, prior_boxes(tiny_grid()), options);
}

TEST(one_at_a_time_trains_a_model) {
  const auto student = tiny();
  auto first = session_of(student);
  EXPECT_THROWS(Code::BadOption, session_of(student));
  // The one that was refused took nothing from the first.
  first->step(tiny_batch(), 0.01);
  EXPECT_THROWS(Code::BadOption, session_of(student));
  first.reset();
  session_of(student)->step(tiny_batch(), 0.01);
}

TEST(a_session_that_cannot_be_leaves_no_claim) {
  const auto student = tiny();
  SessionOptions all;
  all.freeze = {"body", "loc", "conf"};
  EXPECT_THROWS(Code::BadOption, session_of(student, nullptr, all));
  EXPECT_THROWS(Code::BadOption, session_of(student, student));
  for (const auto& parameter : student->parameters()) EXPECT(!parameter.value.requires_grad());
  session_of(student)->step(tiny_batch(), 0.01);
}

TEST(a_teacher_serves_any_number) {
  const auto teacher = tiny(3);
  auto first = session_of(tiny(1), teacher), second = session_of(tiny(2), teacher);
  EXPECT_EQ(first->step(tiny_batch(), 0.01).soft.has_value(), true);
  EXPECT_EQ(second->step(tiny_batch(), 0.01).soft.has_value(), true);
  EXPECT(!teacher->claimed);
}

TEST(no_gradient_is_left_behind) {
  const auto model = tiny();
  auto& value = model->parameters().front().value;
  {
    const Claim claim(*model);
    value.set_requires_grad(true);
    value.mutable_grad() = value.detach().clone();
    EXPECT(model->claimed);
  }
  EXPECT(!value.requires_grad() && !value.grad().defined() && !model->claimed);
}

}  // namespace
}  // namespace ssd
