#include "matching/matcher.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/zeros.h>

#include "boxes/box.h"
#include "core/error.h"
#include "core/random.h"
#include "fixtures.h"
#include "reference/multibox.h"
#include "tensors.h"
#include "train/batch.h"

namespace ssd {
namespace {

// A quarter of the picture, the picture, and two far corners: IoUs that can be told by heart.
at::Tensor priors() {
  return to_centres(
      floats({4, 4}, {0, 0, 0.5, 0.5, 0, 0, 1, 1, 0.75, 0.75, 1, 1, 0, 0.75, 0.25, 1}));
}

Targets targets(const std::vector<double>& boxes, const std::vector<int64_t>& labels) {
  const auto count = static_cast<int64_t>(labels.size());
  return {floats({1, count, 4}, boxes), longs({1, count}, labels)};
}

// What the kernels say of every prior.
struct Whole {
  at::Tensor loc, classes, unmatched;
};

Whole whole(const Targets& targets, const at::Tensor& priors, const MatchOptions& options) {
  const auto matched = match(targets, priors, options);
  const auto encoded = encode_matched(matched.truth, targets, priors, options.variances);
  EXPECT(same_bits((encoded.classes > 0).sum(1).to(at::kInt), matched.positives));
  return {encoded.loc, encoded.classes.to(at::kLong), matched.unmatched.sum()};
}

std::vector<double> offsets_of(const Whole& matched, int64_t prior) {
  return check::numbers(matched.loc.select(0, 0).select(0, prior));
}

struct Expected {
  std::vector<int64_t> truth;  // of each prior, -1 for background
  int64_t unmatched = 0;
};

// The page of the specification in loops, for one picture: overlaps [G, P].
Expected slow(const at::Tensor& overlaps, const MatchOptions& options) {
  const auto truths = static_cast<size_t>(overlaps.size(0));
  const auto priors = static_cast<size_t>(overlaps.size(1));
  const auto iou = [&, data = overlaps.contiguous()](size_t j, size_t p) {
    return data.const_data_ptr<float>()[j * priors + p];
  };
  Expected out{std::vector<int64_t>(priors, -1), 0};
  for (size_t p = 0; p < priors; ++p) {
    size_t best = 0;
    for (size_t j = 1; j < truths; ++j) best = iou(j, p) > iou(best, p) ? j : best;
    if (iou(best, p) >= options.threshold) out.truth[p] = static_cast<int64_t>(best);
  }
  std::vector<bool> done(truths), taken(priors);
  for (size_t round = 0; round < truths; ++round) {
    size_t truth = round, prior = priors;
    for (size_t j = 0; j < truths; ++j) {
      if (options.conflict == Conflict::Last ? j != round : done[j]) continue;
      for (size_t p = 0; p < priors; ++p) {
        if (options.conflict == Conflict::Greedy && taken[p]) continue;
        if (prior < priors && iou(j, p) <= iou(truth, prior)) continue;
        truth = j;
        prior = p;
      }
    }
    out.truth[prior] = static_cast<int64_t>(truth);
    done[truth] = taken[prior] = true;
  }
  for (size_t j = 0; j < truths; ++j) {
    out.unmatched += std::find(out.truth.begin(), out.truth.end(), j) == out.truth.end();
  }
  return out;
}

TEST(the_article_s_prior_is_found) {
  const auto grid = prior_boxes(ssd300_grid());
  const auto truth = floats({1, 4}, {0.2333, 0.2067, 0.6967, 1});
  const auto [overlap, prior] = jaccard(truth, to_corners(grid)).max(1);
  EXPECT_EQ(8711, prior.item<int64_t>());
  EXPECT_NEAR(0.6904, overlap.item<double>(), 5e-5);
  const auto matched = whole(targets({0.2333, 0.2067, 0.6967, 1}, {4}), grid, {});
  EXPECT_EQ(5, matched.classes.select(1, 8711).item<int64_t>());
}

TEST(a_truth_owns_its_best_prior_however_small_the_overlap) {
  const auto matched = whole(targets({0.8, 0.8, 0.85, 0.85}, {6}), priors(), {});
  EXPECT_NEAR((std::vector<double>{0, 0, 7, 0}), matched.classes, 0);
  EXPECT_EQ(0, matched.unmatched.item<int64_t>());
}

TEST(an_overlap_equal_to_the_threshold_is_positive) {
  // The truth is prior 2 exactly; of prior 0 the other truth covers a half.
  const auto truths = targets({0.75, 0.75, 1, 1, 0, 0, 0.5, 0.25, 0, 0, 0.5, 0.2}, {0, 1, 2});
  const auto grid =
      at::cat({priors(), to_centres(floats({2, 4}, {0, 0, 0.5, 0.25, 0, 0, 0.5, 0.2}))});
  const auto classes = [&](double threshold) {
    return whole(truths, grid, {.threshold = threshold}).classes;
  };
  EXPECT_NEAR((std::vector<double>{2, 0, 1, 0, 2, 3}), classes(0.5), 0);
  EXPECT_NEAR((std::vector<double>{0, 0, 1, 0, 2, 3}), classes(0.501), 0);
}

TEST(offsets_are_those_of_the_matched_truth) {
  const auto truth = floats({1, 4}, {0.1, 0, 0.5, 0.45});
  const auto matched = whole({truth.unsqueeze(0), longs({1, 1}, {0})}, priors(), {});
  const auto expected = encode(truth.expand({4, 4}), priors(), {0.1, 0.2}).select(0, 0);
  EXPECT_NEAR(check::numbers(expected), offsets_of(matched, 0), 1e-7);
  EXPECT_NEAR(std::vector<double>(4, 0), offsets_of(matched, 1), 0);  // the background has none
}

TEST(of_two_truths_on_one_prior_the_last_wins) {
  const auto both = targets({0.8, 0.8, 1, 1, 0.75, 0.75, 0.9, 0.95}, {0, 1});
  const auto matched = whole(both, priors(), {});
  EXPECT_NEAR((std::vector<double>{0, 0, 2, 0}), matched.classes, 0);
  EXPECT_EQ(1, matched.unmatched.item<int64_t>());
}

TEST(greedy_gives_both_a_prior_the_better_one_first) {
  const auto both = targets({0.8, 0.8, 1, 1, 0.75, 0.75, 0.9, 0.95}, {0, 1});
  const auto matched = whole(both, priors(), {.conflict = Conflict::Greedy});
  EXPECT_NEAR((std::vector<double>{0, 2, 1, 0}), matched.classes, 0);
  EXPECT_EQ(0, matched.unmatched.item<int64_t>());
}

TEST(greedy_leaves_truths_over_when_priors_run_out) {
  const auto three = targets({0, 0, 0.5, 0.5, 0, 0, 0.5, 0.4, 0, 0, 0.5, 0.3}, {0, 1, 2});
  const auto matched = whole(three, priors().narrow(0, 0, 2), {.conflict = Conflict::Greedy});
  EXPECT_NEAR((std::vector<double>{1, 2}), matched.classes, 0);
  EXPECT_EQ(1, matched.unmatched.item<int64_t>());
}

TEST(ties_go_to_the_lowest_index) {
  // Two equal priors and, for each, two equal truths.
  const auto grid = to_centres(floats({2, 4}, {0, 0, 0.5, 0.5, 0, 0, 0.5, 0.5}));
  const auto twins = targets({0, 0, 0.5, 0.5, 0, 0, 0.5, 0.5}, {0, 1});
  // Both own prior 0, where the last wins; prior 1 goes to its best truth, the first.
  EXPECT_NEAR((std::vector<double>{2, 1}), whole(twins, grid, {}).classes, 0);
}

TEST(padding_never_matches) {
  for (const auto conflict : {Conflict::Last, Conflict::Greedy}) {
    const auto alone = whole(targets({0, 0, 0.5, 0.45}, {3}), priors(), {.conflict = conflict});
    const auto padded = whole(targets({0, 0, 0.5, 0.45, 0, 0, 0, 0, 0, 0, 1, 1}, {3, -1, -1}),
                              priors(), {.conflict = conflict});
    EXPECT(same_bits(alone.classes, padded.classes));
    EXPECT(same_bits(alone.loc, padded.loc));
    EXPECT_EQ(0, padded.unmatched.item<int64_t>());
  }
}

TEST(a_picture_without_truths_is_background) {
  for (const auto conflict : {Conflict::Last, Conflict::Greedy}) {
    const auto matched = whole(pad({{}, {}}), priors(), {.conflict = conflict});
    EXPECT(same_bits(at::zeros({2, 4}, at::kLong), matched.classes));
    EXPECT(same_bits(at::zeros({2, 4, 4}), matched.loc));
    EXPECT_EQ(0, matched.unmatched.item<int64_t>());
  }
}

TEST(no_pictures_match_nothing) {
  const Targets none{at::zeros({0, 1, 4}), longs({0, 1}, {})};
  for (const auto conflict : {Conflict::Last, Conflict::Greedy}) {
    const auto matched = whole(none, priors(), {.conflict = conflict});
    EXPECT((matched.classes.sizes().vec() == std::vector<int64_t>{0, 4}));
    EXPECT((matched.loc.sizes().vec() == std::vector<int64_t>{0, 4, 4}));
    EXPECT(matched.unmatched.item<int64_t>() == 0);
  }
}

TEST(agrees_with_the_specification_in_loops) {
  // Few priors, so that truths compete for them.
  const auto grid = prior_boxes({16, {3}, {5.3}, {4, 9}, {{}}, Clip::Centres});
  for (const auto conflict : {Conflict::Last, Conflict::Greedy}) {
    int64_t unmatched = 0;
    for (uint64_t seed = 0; seed < 12; ++seed) {
      // Three pictures of 9, 4 and no truths, padded to 10.
      const MatchOptions options{.threshold = 0.35, .conflict = conflict};
      const auto boxes = random_boxes(30, seed).to(at::kFloat).reshape({3, 10, 4});
      std::vector<int64_t> labels(30, -1);
      for (size_t j = 0; j < 9; ++j) labels[j] = static_cast<int64_t>(j * 3);
      for (size_t j = 0; j < 4; ++j) labels[10 + j] = static_cast<int64_t>(j);
      const auto matched = whole({boxes, longs({3, 10}, labels)}, grid, options);
      int64_t expected_unmatched = 0;
      for (const auto& [picture, count] : {std::pair<int64_t, int64_t>{0, 9}, {1, 4}}) {
        const auto truths = boxes.select(0, picture).narrow(0, 0, count);
        const auto expected = slow(jaccard(truths, to_corners(grid)), options);
        expected_unmatched += expected.unmatched;
        std::vector<double> classes;
        for (const auto truth : expected.truth) {
          classes.push_back(truth < 0 ? 0 : static_cast<double>(labels[picture * 10 + truth] + 1));
        }
        EXPECT_NEAR(classes, matched.classes.select(0, picture), 0);
      }
      EXPECT_EQ(expected_unmatched, matched.unmatched.item<int64_t>());
      EXPECT_EQ(0, matched.classes.select(0, 2).sum().item<int64_t>());
      unmatched += expected_unmatched;
    }
    // Conflicts did occur, and greedy matching leaves nobody out.
    EXPECT(conflict == Conflict::Greedy ? unmatched == 0 : unmatched > 0);
  }
}

// Random scenes on a real grid: more truths than a picture has, of all sizes.
TEST(agrees_with_the_composed_reference) {
  const auto grid = prior_boxes(ssd300_grid());
  for (const auto conflict : {Conflict::Last, Conflict::Greedy}) {
    for (const auto type : {at::kFloat, at::kDouble}) {
      std::vector<int64_t> labels(3 * 40, -1);
      for (size_t j = 0; j < 40; ++j) labels[j] = static_cast<int64_t>(j % 20);
      for (size_t j = 0; j < 7; ++j) labels[40 + j] = static_cast<int64_t>(j);
      const Targets scene{random_boxes(120, 5).to(type).reshape({3, 40, 4}),
                          longs({3, 40}, labels)};
      const MatchOptions options{.threshold = 0.4, .conflict = conflict};
      const auto priors = grid.to(type);
      const auto expected = reference::match(scene, priors, options);
      const auto got = whole(scene, priors, options);
      EXPECT(same_bits(expected.classes, got.classes));
      EXPECT(same_bits(expected.unmatched, got.unmatched));
      EXPECT_NEAR(expected.loc, got.loc, type == at::kFloat ? 2e-6 : 1e-14);
      EXPECT((got.classes > 0).sum().item<int64_t>() > 100);
    }
  }
}

TEST(where_nothing_overlaps_the_first_prior_and_the_first_truth_are_taken) {
  const auto grid = prior_boxes(ssd300_grid());
  // The second truth lies outside; the first padded, so that the first is not number 0.
  const Targets scene{floats({1, 3, 4}, {0, 0, 0, 0, 0.4, 0.4, 0.6, 0.6, 1.5, 1.5, 1.7, 1.7}),
                      longs({1, 3}, {-1, 3, 4})};
  for (const double threshold : {0.0, 0.5}) {
    const MatchOptions options{.threshold = threshold};
    const auto got = whole(scene, grid, options);
    EXPECT(same_bits(reference::match(scene, grid, options).classes, got.classes));
    EXPECT_EQ(5, got.classes.select(1, 0).item<int64_t>());
    // At a threshold of 0 all are positive.
    const auto positives = (got.classes > 0).sum().item<int64_t>();
    EXPECT(threshold == 0 ? positives == grid.size(0) : positives < 100);
  }
}

TEST(without_priors_every_truth_is_unmatched) {
  const auto matched =
      match(targets({0, 0, 1, 1}, {0}), at::zeros({0, 4}), {.conflict = Conflict::Last});
  EXPECT((matched.truth.sizes().vec() == std::vector<int64_t>{1, 0}));
  EXPECT_EQ(1, matched.unmatched.item<int32_t>());
}

TEST(wrong_shapes_throw) {
  const auto good = targets({0, 0, 1, 1}, {0});
  EXPECT_THROWS(Code::BadOption, whole({good.boxes.select(0, 0), good.labels}, priors(), {}));
  EXPECT_THROWS(Code::BadOption, whole({good.boxes, longs({1, 2}, {0, 0})}, priors(), {}));
  EXPECT_THROWS(Code::BadOption, whole(good, noise({4, 5}, 1), {}));
}

}  // namespace
}  // namespace ssd
