#include "boxes/nms.h"

#include <limits>

#include "boxes/box.h"
#include "core/error.h"
#include "core/random.h"
#include "tensors.h"

namespace ssd {
namespace {

using Indices = std::vector<int32_t>;

Indices kept(const at::Tensor& boxes, const at::Tensor& scores, double iou) {
  const auto out = nms(boxes, scores, iou);
  const auto* data = out.const_data_ptr<int32_t>();
  return {data, data + out.numel()};
}

// The definition word for word: take the best that is left, strike out what it covers.
Indices slow(const at::Tensor& boxes, const std::vector<double>& scores, double limit) {
  const auto overlaps = jaccard(boxes, boxes).contiguous();
  const size_t n = scores.size();
  std::vector<bool> gone(n);
  Indices out;
  for (;;) {
    size_t best = n;
    for (size_t i = 0; i < n; ++i) {
      if (!gone[i] && (best == n || scores[i] > scores[best])) best = i;
    }
    if (best == n) return out;
    out.push_back(static_cast<int32_t>(best));
    for (size_t i = 0; i < n; ++i) {
      gone[i] =
          gone[i] || overlaps.const_data_ptr<float>()[best * n + i] > static_cast<float>(limit);
    }
    gone[best] = true;
  }
}

TEST(the_best_of_a_cluster_stays) {
  const auto boxes = floats({4, 4}, {0, 0, 10, 10, 1, 0, 11, 10, 20, 0, 30, 10, 0, 1, 10, 11});
  EXPECT_EQ((Indices{1, 2}), kept(boxes, floats({4}, {0.8, 0.9, 0.1, 0.7}), 0.5));
  EXPECT_EQ((Indices{1, 0, 3, 2}), kept(boxes, floats({4}, {0.8, 0.9, 0.1, 0.7}), 0.9));
}

TEST(a_box_goes_only_over_the_threshold) {
  const auto boxes = floats({2, 4}, {0, 0, 2, 1, 0, 0, 1, 1});  // IoU 1/2 exactly
  const auto scores = floats({2}, {0.9, 0.8});
  EXPECT_EQ((Indices{0, 1}), kept(boxes, scores, 0.5));
  EXPECT_EQ((Indices{0}), kept(boxes, scores, 0.499));
}

TEST(a_suppressed_box_suppresses_nobody) {
  // Each overlaps its neighbour alone; the middle one goes, so the last one stays.
  const auto chain = floats({3, 4}, {0, 0, 10, 10, 4, 0, 14, 10, 8, 0, 18, 10});
  EXPECT_EQ((Indices{0, 2}), kept(chain, floats({3}, {0.9, 0.8, 0.7}), 0.4));
}

TEST(ties_go_by_the_lower_index) {
  const auto same = floats({3, 4}, {0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1});
  EXPECT_EQ((Indices{0}), kept(same, floats({3}, {0.5, 0.5, 0.5}), 0.5));
  EXPECT_EQ((Indices{1, 3, 0, 2}), rank(std::vector<float>{1, 2, 1, 2}, 0));
}

TEST(rank_leaves_out_what_is_too_low_or_no_number) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ((Indices{3, 0}), rank(std::vector<float>{0.5, 0.4, nan, 0.7}, 0.5));
  EXPECT(rank(std::vector<float>{}, 0).empty());
}

TEST(stops_at_the_limit) {
  const std::vector<float> boxes{0, 0, 1, 1, 2, 0, 3, 1, 4, 0, 5, 1};
  const Indices order{2, 0, 1};
  EXPECT_EQ((Indices{2, 0}), nms(boxes, order, 0.5F, 2));
  EXPECT_EQ(order, nms(boxes, order, 0.5F, 9));
  EXPECT(nms(boxes, order, 0.5F, 0).empty());
}

TEST(agrees_with_the_definition_on_random_boxes) {
  size_t suppressed = 0;
  for (uint64_t seed = 0; seed < 10; ++seed) {
    const auto boxes = random_boxes(120, seed).to(at::kFloat);
    // Few different scores, so that ties are common.
    Random random(seed, 0, 0);
    std::vector<double> scores(120);
    for (auto& score : scores) score = random.below(12) / 16.0;
    const double limit = 0.1 + 0.08 * static_cast<double>(seed);
    const auto expected = slow(boxes, scores, limit);
    EXPECT_EQ(expected, kept(boxes, floats({120}, scores), limit));
    suppressed += 120 - expected.size();
  }
  EXPECT(suppressed > 100);  // the comparison had something to find
}

TEST(no_boxes_give_none_and_wrong_shapes_throw) {
  EXPECT(kept(floats({0, 4}, {}), floats({0}, {}), 0.5).empty());
  EXPECT_THROWS(Code::BadOption, nms(floats({1, 5}, {0, 0, 1, 1, 1}), floats({1}, {1}), 0.5));
  EXPECT_THROWS(Code::BadOption, nms(floats({1, 4}, {0, 0, 1, 1}), floats({2}, {1, 1}), 0.5));
}

}  // namespace
}  // namespace ssd
