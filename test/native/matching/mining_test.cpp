#include "matching/mining.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

#include "check.h"
#include "core/random.h"

namespace ssd {
namespace {

using Numbers = std::vector<double>;

// Which priors of a picture are mined, from its cross-entropies and which are positive.
Numbers mined(const Numbers& ce, const std::vector<int64_t>& positive,
              const MiningOptions& options) {
  std::vector<uint32_t> keys;
  for (size_t i = 0; i < ce.size(); ++i) {
    const auto key = order_of(std::bit_cast<uint32_t>(static_cast<float>(ce[i])));
    const uint32_t of_positive = options.article ? order_of(0) : 0;
    keys.push_back(positive[i] != 0 ? of_positive : key);
  }
  const auto priors = static_cast<int64_t>(ce.size());
  const auto wanted = negatives_wanted(
      std::accumulate(positive.begin(), positive.end(), int64_t{0}), priors, options);
  auto [cut, equals] = hardest(keys.data(), priors, wanted);
  Numbers out;
  for (const auto key : keys) out.push_back(key > cut || (key == cut && equals-- > 0) ? 1 : 0);
  return out;
}

TEST(takes_the_hardest_negatives_three_a_positive) {
  EXPECT_EQ((Numbers{0, 1, 0, 1, 0, 1, 0}),
            mined({9, 0.3, 0.1, 0.5, 0.2, 0.4, 0.05}, {1, 0, 0, 0, 0, 0, 0}, {}));
}

TEST(the_ratio_may_be_another_and_is_rounded_down) {
  const Numbers ce{9, 9, 0.6, 0.5, 0.4, 0.3};
  const std::vector<int64_t> two{1, 1, 0, 0, 0, 0};
  EXPECT_EQ((Numbers{0, 0, 1, 1, 0, 0}), mined(ce, two, {.neg_pos_ratio = 1}));
  EXPECT_EQ((Numbers{0, 0, 1, 1, 1, 0}), mined(ce, two, {.neg_pos_ratio = 1.9}));
  EXPECT_EQ((Numbers{0, 0, 0, 0, 0, 0}), mined(ce, two, {.neg_pos_ratio = 0}));
}

TEST(ties_go_by_the_lower_prior) {
  EXPECT_EQ((Numbers{1, 0, 1, 1, 0, 0}), mined({2, 2, 2, 2, 2, 2}, {0, 1, 0, 0, 0, 0}, {}));
  EXPECT_EQ((Numbers{1, 1, 0, 0, 1, 0}), mined({1, 2, 1, 1, 3, 9}, {0, 0, 0, 0, 0, 1}, {}));
}

TEST(a_positive_is_never_mined_and_all_negatives_may_be) {
  EXPECT_EQ((Numbers{0, 1, 0, 1}), mined({9, 0, 8, 0}, {1, 0, 1, 0}, {}));
  EXPECT_EQ((Numbers{0, 0}), mined({1, 2}, {1, 1}, {}));
}

TEST(a_picture_without_positives_takes_its_own_number) {
  const Numbers ce{0.1, 0.4, 0.2, 0.3};
  const std::vector<int64_t> none(4, 0);
  EXPECT_EQ((Numbers{0, 1, 0, 1}), mined(ce, none, {.negatives_for_hard = 2}));
  EXPECT_EQ((Numbers{0, 0, 0, 0}), mined(ce, none, {.negatives_for_hard = 0}));
  EXPECT_EQ((Numbers{1, 1, 1, 1}), mined(ce, none, {}));  // 100, at most as many as there are
}

TEST(the_article_lets_positives_compete_with_a_score_of_zero) {
  // Six wanted of four: held under P - 1 = 3, and the first positive fills the place.
  const Numbers ce{9, 0.5, 9, 0.5};
  EXPECT_EQ((Numbers{1, 1, 0, 1}), mined(ce, {1, 0, 1, 0}, {.article = true}));
  EXPECT_EQ((Numbers{0, 1, 0, 1}), mined(ce, {1, 0, 1, 0}, {}));
}

TEST(the_article_calls_a_picture_hard_by_its_count) {
  const Numbers ce{9, 0.3, 0.4, 0.2};
  const std::vector<int64_t> one{1, 0, 0, 0};
  const MiningOptions options{.neg_pos_ratio = 0, .negatives_for_hard = 2, .article = true};
  EXPECT_EQ((Numbers{0, 1, 1, 0}), mined(ce, one, options));
  EXPECT_EQ((Numbers{0, 0, 0, 0}), mined(ce, one, {.neg_pos_ratio = 0, .negatives_for_hard = 2}));
}

TEST(agrees_with_sorting_picture_by_picture) {
  constexpr int64_t kPictures = 6, kPriors = 50;
  Random random(1, 0, 0);
  std::vector<int64_t> positive(kPictures * kPriors);
  Numbers ce(kPictures * kPriors);
  for (size_t i = 0; i < ce.size(); ++i) {
    // From no positive in the first picture to many in the last; few values, so ties are common.
    positive[i] = random.below(30) < i / kPriors * 3;
    ce[i] = random.below(10) / 8.0;
  }
  const MiningOptions options{.neg_pos_ratio = 2, .negatives_for_hard = 7};
  Numbers expected(ce.size());
  for (size_t first = 0; first < ce.size(); first += kPriors) {
    std::vector<size_t> order;
    for (size_t i = first; i < first + kPriors; ++i) {
      if (positive[i] == 0) order.push_back(i);
    }
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return ce[a] > ce[b]; });
    const size_t positives = kPriors - order.size();
    const size_t count = positives == 0 ? 7 : std::min(2 * positives, order.size());
    for (size_t i = 0; i < count; ++i) expected[order[i]] = 1;
  }
  Numbers got;
  for (size_t first = 0; first < ce.size(); first += kPriors) {
    const auto at = static_cast<ptrdiff_t>(first);
    const auto part = mined({ce.begin() + at, ce.begin() + at + kPriors},
                            {positive.begin() + at, positive.begin() + at + kPriors}, options);
    got.insert(got.end(), part.begin(), part.end());
  }
  EXPECT_EQ(expected, got);
}

TEST(finds_any_number_of_any_floats) {
  Random random(2, 0, 0);
  Numbers ce;
  for (int i = 0; i < 3000; ++i) ce.push_back(std::exp(20 * random.normal()) * random.normal());
  auto sorted = ce;
  std::sort(sorted.begin(), sorted.end(), std::greater<>());
  const std::vector<int64_t> none(ce.size(), 0);
  for (const int64_t count : {1, 2, 31, 1024, 2999, 3000}) {
    const auto got = mined(ce, none, {.negatives_for_hard = count});
    EXPECT_EQ(static_cast<double>(count), std::accumulate(got.begin(), got.end(), 0.0));
    for (size_t i = 0; i < ce.size(); ++i) {
      EXPECT_EQ(ce[i] >= sorted[static_cast<size_t>(count) - 1], got[i] == 1);
    }
  }
}

TEST(what_is_no_number_comes_first) {
  const double nan = std::nan("");
  EXPECT_EQ((Numbers{0, 1, 0}), mined({1e30, nan, 2}, {0, 0, 0}, {.negatives_for_hard = 1}));
  EXPECT_EQ((Numbers{0, 1, 0}), mined({1e30, -nan, 2}, {0, 0, 0}, {.negatives_for_hard = 1}));
}

}  // namespace
}  // namespace ssd
