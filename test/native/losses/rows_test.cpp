#include "losses/rows.h"

#include <cmath>
#include <limits>

#include "check.h"
#include "core/random.h"

namespace ssd {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

std::vector<float> logits(int64_t count, float spread) {
  Random random(3, 0, 0);
  std::vector<float> out;
  for (int64_t i = 0; i < count; ++i) out.push_back(spread * random.normal());
  return out;
}

double exact(const float* row, int64_t classes, double scale = 1) {
  double most = row[0] * scale, sum = 0;
  for (int64_t c = 1; c < classes; ++c) most = std::max(most, row[c] * scale);
  for (int64_t c = 0; c < classes; ++c) sum += std::exp(row[c] * scale - most);
  return most + std::log(sum);
}

TEST(entropies_of_any_number_of_rows_and_classes) {
  for (const int64_t rows : {0, 1, 15, 16, 17, 40}) {
    for (const int64_t classes : {1, 2, 8, 21, 32, 33, 91}) {
      for (const float spread : {0.01F, 3.0F, 60.0F}) {
        const auto all = logits(rows * classes, spread);
        std::vector<float> ce(static_cast<size_t>(rows), -1);
        background_entropies(all.data(), rows, classes, ce.data());
        for (int64_t r = 0; r < rows; ++r) {
          const float* const row = all.data() + r * classes;
          const double expected = exact(row, classes) - row[0];
          EXPECT_NEAR(expected, ce[static_cast<size_t>(r)], 3e-7 * (1 + expected));
        }
      }
    }
  }
}

TEST(a_row_s_value_does_not_depend_on_its_place) {
  constexpr int64_t kClasses = 21, kRows = 37;
  const auto all = logits(kRows * kClasses, 4);
  std::vector<float> ce(kRows), alone(1);
  background_entropies(all.data(), kRows, kClasses, ce.data());
  for (int64_t r = 0; r < kRows; ++r) {
    background_entropies(all.data() + r * kClasses, 1, kClasses, alone.data());
    EXPECT_EQ(alone[0], ce[static_cast<size_t>(r)]);
  }
}

TEST(softmax_adds_up_and_is_exact) {
  for (const int64_t classes : {1, 3, 21, 91}) {
    const auto row = logits(classes, 5);
    std::vector<float> p(row.size());
    for (const float scale : {1.0F, 0.25F}) {
      const double lse = exact(row.data(), classes, scale);
      const auto norm = softmax(row.data(), classes, scale, p.data());
      EXPECT_NEAR(lse, norm.most + norm.log_sum, 1e-6 * (1 + std::abs(lse)));
      double sum = 0;
      for (size_t c = 0; c < p.size(); ++c) {
        sum += p[c];
        EXPECT_NEAR(std::exp(row[c] * scale - lse), p[c], 3e-7);
      }
      EXPECT_NEAR(1, sum, 1e-6);
    }
  }
}

TEST(a_row_that_is_nearly_sure_still_has_an_order) {
  // The sum is 1 + 2e-6 and 1 + 4e-6; added to 100 nothing would be left of that.
  std::vector<float> rows{100, 86.87F, 100, 87.57F}, ce(2);
  background_entropies(rows.data(), 2, 2, ce.data());
  EXPECT_NEAR(std::log1p(std::exp(86.87F - 100.0)), ce[0], 1e-7);
  EXPECT(ce[1] > 1.5F * ce[0] && ce[0] > 0);
}

TEST(what_is_no_number_shows_and_huge_ones_do_not_overflow) {
  std::vector<float> rows(16 * 4, 1), ce(16);
  rows[4 * 3 + 2] = std::nanf("");
  rows[4 * 5 + 0] = std::nanf("");
  rows[4 * 7 + 1] = kInfinity;
  rows[4 * 9 + 1] = 1e30F;
  rows[4 * 11 + 3] = -kInfinity;
  background_entropies(rows.data(), 16, 4, ce.data());
  EXPECT(std::isnan(ce[3]) && std::isnan(ce[5]) && std::isnan(ce[7]));
  EXPECT_EQ(1e30F, ce[9]);
  EXPECT_NEAR(std::log(3.0), ce[11], 1e-6);
  EXPECT_NEAR(std::log(4.0), ce[0], 1e-6);
}

}  // namespace
}  // namespace ssd
