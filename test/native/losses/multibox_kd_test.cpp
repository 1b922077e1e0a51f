#include <ATen/TensorOperators.h>

#include <cmath>
#include <limits>

#include "core/error.h"
#include "differences.h"
#include "losses/multibox.h"

namespace ssd {
namespace {

Losses loss(const Problem& problem, const KdOptions& options) {
  return problem.distilled(options);
}

std::vector<double> softmax(const at::Tensor& conf, int64_t b, int64_t p, double temperature) {
  std::vector<double> out;
  double sum = 0;
  for (int64_t c = 0; c < conf.size(2); ++c)
    out.push_back(std::exp(number(conf, b, p, c) / temperature));
  for (const double value : out) sum += value;
  for (double& value : out) value /= sum;
  return out;
}

// Sections of the specification in loops, divided by N = 3.
double soft_by_hand(const Problem& problem, const KdOptions& options) {
  const auto rows = problem.selection().rows;
  double sum = 0;
  for (int64_t b = 0; b < 2; ++b) {
    for (int64_t p = 0; p < 8; ++p) {
      if (!rows.select(0, b).select(0, p).item<bool>()) continue;
      const auto own = softmax(problem.student.conf, b, p, options.temperature);
      const auto other = softmax(problem.teacher.conf, b, p, options.temperature);
      for (size_t c = 0; c < own.size(); ++c) {
        const double weight = c == 0 ? options.neg_weight : options.pos_weight;
        sum += options.soft == Soft::CrossEntropy ? -weight * other[c] * std::log(own[c])
                                                  : other[c] * std::log(other[c] / own[c]);
      }
    }
  }
  return sum * options.temperature * options.temperature / 3;
}

double l2_by_hand(const Problem& problem, double margin) {
  double sum = 0;
  for (const int64_t p : {1, 3, 5}) {
    double own = 0, other = 0;
    for (int64_t k = 0; k < 4; ++k) {
      own += std::pow(number(problem.student.loc, 0, p, k) - number(problem.loc, 0, p, k), 2);
      other += std::pow(number(problem.teacher.loc, 0, p, k) - number(problem.loc, 0, p, k), 2);
    }
    if (own + margin > other) sum += own;
  }
  return sum / 3;
}

TEST(terms_are_their_definition_in_loops) {
  const Problem problem;
  for (const double temperature : {1.0, 3.0}) {
    for (const auto soft : {Soft::CrossEntropy, Soft::KullbackLeibler}) {
      const KdOptions options{
          .temperature = temperature, .neg_weight = 1.7, .pos_weight = 0.8, .soft = soft};
      EXPECT_NEAR(soft_by_hand(problem, options), loss(problem, options).soft.item<double>(),
                  1e-12);
    }
  }
  const auto plain = problem.plain();
  const auto out = loss(problem, {});
  EXPECT(same_bits(plain.conf, out.conf));
  EXPECT(same_bits(plain.loc, out.loc));
  EXPECT_NEAR(0.3 * out.soft + 0.7 * out.conf + 0.5 * out.l2 + out.loc, out.objective, 1e-12);
}

TEST(regression_is_bounded_by_the_teacher) {
  Problem problem;
  std::vector<double> values;
  for (const double margin : {-1e9, 0.0, 3.0, 1e9}) {
    values.push_back(l2_by_hand(problem, margin));
    EXPECT_NEAR(values.back(), loss(problem, {.margin = margin}).l2.item<double>(), 1e-12);
  }
  EXPECT_EQ(0.0, values.front());
  EXPECT(values.back() > values[1] && values[1] > 0);  // some count and some do not
}

TEST(a_student_as_good_as_its_teacher_pays_nothing) {
  Problem problem;
  problem.teacher.loc = problem.student.loc.clone();
  const auto out = loss(problem, {.nu = 1});
  EXPECT_EQ(0.0, out.l2.item<double>());  // strictly worse is asked for
  EXPECT(same_bits(problem.plain().grad_loc, out.grad_loc));
}

TEST(gradients_are_those_of_finite_differences) {
  for (const auto soft : {Soft::CrossEntropy, Soft::KullbackLeibler}) {
    Problem problem;
    const KdOptions options{.temperature = 2, .margin = 1, .soft = soft, .mu = 0.4, .nu = 0.9};
    const auto out = loss(problem, options);
    const auto objective = [&] { return loss(problem, options).objective.item<double>(); };
    EXPECT_NEAR(numeric_gradient(problem.student.loc, objective), out.grad_loc, 1e-8);
    EXPECT_NEAR(numeric_gradient(problem.student.conf, objective), out.grad_conf, 1e-8);
  }
}

TEST(each_term_alone_has_its_gradient) {
  Problem problem;
  const auto soft_alone = loss(problem, {.mu = 0, .nu = 0});
  EXPECT_NEAR(
      numeric_gradient(problem.student.conf, [&] { return loss(problem, {}).soft.item<double>(); }),
      soft_alone.grad_conf, 1e-8);
  const auto plain = problem.plain();
  const auto with_l2 = loss(problem, {.nu = 1});
  EXPECT_NEAR(
      numeric_gradient(problem.student.loc, [&] { return loss(problem, {}).l2.item<double>(); }),
      with_l2.grad_loc - plain.grad_loc, 1e-8);
}

TEST(divergence_is_zero_for_a_student_that_says_the_same) {
  Problem problem;
  problem.teacher.conf = problem.student.conf + 7;  // softmax does not see a shift
  const auto out = loss(problem, {.soft = Soft::KullbackLeibler, .mu = 0, .nu = 0});
  EXPECT_NEAR(0, out.soft.item<double>(), 1e-12);
  EXPECT_NEAR(std::vector<double>(64, 0), out.grad_conf, 1e-12);
}

TEST(weights_of_zero_are_plain_training_to_the_bit) {
  Problem problem;
  // Not even a teacher that says nothing sensible may leak in.
  problem.teacher.conf.fill_(std::numeric_limits<double>::infinity());
  problem.teacher.loc.fill_(std::nan(""));
  const auto plain = problem.plain();
  const auto out = loss(problem, {.mu = 1, .nu = 0});
  EXPECT(same_bits(plain.objective, out.objective));
  EXPECT(same_bits(plain.grad_loc, out.grad_loc));
  EXPECT(same_bits(plain.grad_conf, out.grad_conf));
}

TEST(infinities_in_rows_that_do_not_count_stay_there) {
  Problem problem;
  const auto selection = problem.selection();
  const auto plain = loss(problem, {});
  const auto silent = selection.rows.logical_not().unsqueeze(-1);
  for (auto* values : {&problem.student.loc, &problem.teacher.conf, &problem.teacher.loc}) {
    values->masked_fill_(silent, std::numeric_limits<double>::infinity());
  }
  const auto out = loss(problem, {});
  EXPECT(same_bits(plain.objective, out.objective));
  EXPECT(same_bits(plain.grad_loc, out.grad_loc));
  EXPECT_NEAR(plain.grad_conf, out.grad_conf, 0);
}

TEST(a_teacher_of_another_shape_throws) {
  Problem problem;
  problem.teacher.conf = noise({2, 8, 5}, 1);
  EXPECT_THROWS(Code::BadOption, loss(problem, {}));
  problem = Problem();
  problem.teacher.loc = noise({2, 7, 4}, 1);
  EXPECT_THROWS(Code::BadOption, loss(problem, {}));
}

}  // namespace
}  // namespace ssd
