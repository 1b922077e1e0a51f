#include "boxes/kept.h"

#include <algorithm>

#include "boxes/box.h"
#include "tensors.h"

namespace ssd {
namespace {

Corners<float> box_at(const at::Tensor& boxes, int64_t i) {
  const auto* row = boxes.const_data_ptr<float>() + 4 * i;
  return {row[0], row[1], row[2], row[3]};
}

TEST(a_box_is_covered_when_one_of_the_kept_overlaps_it_more_than_that) {
  for (uint64_t seed = 0; seed < 6; ++seed) {
    // Counts on both sides of a block.
    const int64_t count = 13 + static_cast<int64_t>(seed);
    const auto boxes = random_boxes(count + 40, seed).to(at::kFloat).contiguous();
    const auto overlaps = jaccard(boxes, boxes).contiguous();
    Kept kept;
    for (int64_t i = 0; i < count; ++i) kept.add(box_at(boxes, i));
    for (int64_t i = count; i < boxes.size(0); ++i) {
      const float most = overlaps.select(0, i).narrow(0, 0, count).max().item<float>();
      EXPECT(kept.covers(box_at(boxes, i), most - 1e-4F));
      EXPECT(!kept.covers(box_at(boxes, i), most + 1e-4F));
    }
  }
}

TEST(nothing_covers_when_nothing_is_kept) {
  Kept kept;
  const Corners<float> whole{0, 0, 1, 1};
  EXPECT(!kept.covers(whole, 0));
  kept.add(whole);
  EXPECT(kept.covers(whole, 0.99F));
  kept.clear();
  EXPECT(!kept.covers(whole, 0));
  kept.add({0, 0, 0.5, 0.5});
  EXPECT(!kept.covers({0.5, 0.5, 1, 1}, 0));  // a corner in common
}

TEST(boxes_turned_inside_out_overlap_nothing) {
  // Both sides are negative, their product is not.
  Kept kept;
  kept.add({0, 0, 1, 1});
  EXPECT(!kept.covers({3, 3, 2, 2}, 0));
}

TEST(keys_fall_with_the_score_then_rise_with_the_index) {
  const std::vector<uint64_t> falling{candidate_key(1, 7),      candidate_key(0.5, 0),
                                      candidate_key(0.5, 1),    candidate_key(0.5, 900000),
                                      candidate_key(1e-30F, 0), candidate_key(0, 3)};
  EXPECT(std::is_sorted(falling.rbegin(), falling.rend()));
  EXPECT(falling.back() != 0);
  EXPECT_EQ(0.5F, score_of(falling[3]));
  EXPECT_EQ(900000, index_of(falling[3]));
}

}  // namespace
}  // namespace ssd
