#include "losses/multibox.h"

#include <ATen/TensorOperators.h>

#include <cmath>
#include <limits>

#include "core/error.h"
#include "differences.h"

namespace ssd {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

Losses loss(const Problem& problem) {
  return problem.plain();
}

// Which rows have a say: 1 where one has.
at::Tensor rows_of(const Losses& losses) {
  return (losses.grad_conf.abs().sum(-1) > 0).to(at::kDouble);
}

double smooth_l1(double x) {
  return std::abs(x) < 1 ? 0.5 * x * x : std::abs(x) - 0.5;
}

double cross_entropy(const at::Tensor& conf, int64_t b, int64_t p, int64_t target) {
  double most = -kInfinity, sum = 0;
  for (int64_t c = 0; c < conf.size(2); ++c) most = std::max(most, number(conf, b, p, c));
  for (int64_t c = 0; c < conf.size(2); ++c) sum += std::exp(number(conf, b, p, c) - most);
  return most + std::log(sum) - number(conf, b, p, target);
}

TEST(terms_are_their_definition_in_loops) {
  const Problem problem;
  const auto selection = problem.selection();
  const auto out = loss(problem);
  double conf = 0, loc = 0;
  for (int64_t b = 0; b < 2; ++b) {
    for (int64_t p = 0; p < 8; ++p) {
      const auto target = problem.classes.select(0, b).select(0, p).item<int64_t>();
      if (selection.rows.select(0, b).select(0, p).item<bool>()) {
        conf += cross_entropy(problem.student.conf, b, p, target);
      }
      for (int64_t k = 0; target > 0 && k < 4; ++k) {
        loc += smooth_l1(number(problem.student.loc, b, p, k) - number(problem.loc, b, p, k));
      }
    }
  }
  EXPECT_NEAR(conf / 3, out.conf.item<double>(), 1e-12);
  EXPECT_NEAR(loc / 3, out.loc.item<double>(), 1e-12);
  EXPECT_NEAR((conf + loc) / 3, out.objective.item<double>(), 1e-12);
  EXPECT_EQ(3, out.num_positives.item<int64_t>());
  EXPECT(!out.soft.defined() && !out.l2.defined());
}

TEST(rows_that_count_are_positives_and_mined_negatives) {
  const Problem problem;
  const auto rows = rows_of(loss(problem));
  // Three positives with one negative each, and two of the picture without.
  EXPECT_EQ(6.0, rows.select(0, 0).sum().item<double>());
  EXPECT_EQ(2.0, rows.select(0, 1).sum().item<double>());
  EXPECT_NEAR(rows, problem.selection().rows, 0);
}

TEST(mining_ranks_by_cross_entropy_with_the_background) {
  Problem problem;
  problem.student.conf.zero_();
  problem.student.conf.select(0, 1).select(0, 6).select(0, 3).fill_(5);
  problem.student.conf.select(0, 1).select(0, 2).select(0, 1).fill_(4);
  problem.student.conf.select(0, 1).select(0, 5).select(0, 0).fill_(6);  // rightly background
  EXPECT_NEAR((std::vector<double>{0, 0, 1, 0, 0, 0, 1, 0}), rows_of(loss(problem)).select(0, 1),
              0);
}

TEST(gradients_are_those_of_finite_differences) {
  Problem problem;
  const auto out = loss(problem);
  const auto objective = [&] { return loss(problem).objective.item<double>(); };
  EXPECT_NEAR(numeric_gradient(problem.student.loc, objective), out.grad_loc, 1e-8);
  EXPECT_NEAR(numeric_gradient(problem.student.conf, objective), out.grad_conf, 1e-8);
  EXPECT(out.grad_loc.abs().max().item<double>() > 0.1);
  EXPECT(out.grad_conf.abs().max().item<double>() > 0.1);
}

TEST(smooth_l1_is_linear_from_one_on) {
  Problem problem;
  problem.loc.zero_();
  problem.student.loc.zero_();
  problem.student.loc.select(0, 0).select(0, 1).copy_(doubles({4}, {0.5, -3, 1, 0}));
  const auto out = loss(problem);
  EXPECT_NEAR((0.125 + 2.5 + 0.5) / 3, out.loc.item<double>(), 1e-12);
  EXPECT_NEAR((std::vector<double>{0.5 / 3, -1.0 / 3, 1.0 / 3, 0}),
              out.grad_loc.select(0, 0).select(0, 1), 1e-12);
}

TEST(without_positives_the_divisor_is_one) {
  Problem problem;
  problem.classes.zero_();
  const auto selection = problem.selection();
  const auto out = loss(problem);
  double conf = 0;
  for (int64_t b = 0; b < 2; ++b) {
    for (int64_t p = 0; p < 8; ++p) {
      if (!selection.rows.select(0, b).select(0, p).item<bool>()) continue;
      conf += cross_entropy(problem.student.conf, b, p, 0);
    }
  }
  EXPECT_NEAR(conf, out.conf.item<double>(), 1e-12);
  EXPECT_EQ(0.0, out.loc.item<double>());
  EXPECT_EQ(0.0, out.grad_loc.abs().max().item<double>());
  EXPECT_EQ(0, out.num_positives.item<int64_t>());
}

TEST(infinities_in_rows_that_do_not_count_stay_there) {
  Problem problem;
  const auto selection = problem.selection();
  const auto plain = loss(problem);
  const auto silent = selection.rows.logical_not().unsqueeze(-1);
  // So low that it is not mined either.
  problem.student.conf.masked_fill_(silent, -kInfinity);
  problem.student.conf.select(-1, 0).masked_fill_(silent.squeeze(-1), 0);
  problem.student.loc.masked_fill_(silent, kInfinity);
  const auto out = loss(problem);
  EXPECT(same_bits(plain.objective, out.objective));
  EXPECT(same_bits(plain.grad_loc, out.grad_loc));
  EXPECT_NEAR(plain.grad_conf, out.grad_conf, 0);
}

TEST(large_logits_do_not_overflow) {
  Problem problem;
  problem.student.conf.mul_(1e4);
  EXPECT(std::isfinite(loss(problem).objective.item<double>()));
}

TEST(a_row_that_is_no_number_is_mined_and_shows) {
  Problem problem;
  problem.student.conf.select(0, 1).select(0, 4).fill_(std::nan(""));
  EXPECT(std::isnan(loss(problem).objective.item<double>()));
}

TEST(outputs_of_other_shapes_throw) {
  Problem problem;
  problem.student.loc = noise({2, 7, 4}, 1);
  EXPECT_THROWS(Code::BadOption, loss(problem));
  problem = Problem();
  problem.student.conf = noise({2, 7, 4}, 1);
  EXPECT_THROWS(Code::BadOption, loss(problem));
  problem.student.conf = noise({2, 8, 4}, 1).to(at::kInt);
  EXPECT_THROWS(Code::BadOption, loss(problem));
}

TEST(labels_past_the_logits_throw) {
  Problem problem;
  problem.classes.select(0, 0).select(0, 1).fill_(4);
  EXPECT_THROWS(Code::BadOption, loss(problem));
}

}  // namespace
}  // namespace ssd
