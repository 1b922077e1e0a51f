#include "boxes/box.h"

#include "core/error.h"
#include "tensors.h"

namespace ssd {
namespace {

double iou(const std::vector<double>& a, const std::vector<double>& b) {
  return jaccard(doubles({1, 4}, a), doubles({1, 4}, b)).item<double>();
}

TEST(jaccard_by_hand) {
  EXPECT_NEAR(1.0 / 7, iou({0, 0, 2, 2}, {1, 1, 3, 3}), 1e-15);
  EXPECT_NEAR(0.25, iou({0, 0, 1, 1}, {0, 0, 0.5, 0.5}), 1e-15);
  EXPECT_NEAR(1.0 / 3, iou({0, 0, 2, 1}, {1, 0, 3, 1}), 1e-15);
}

TEST(jaccard_is_one_for_the_same_box_and_zero_without_common_area) {
  EXPECT_EQ(1.0, iou({0.1, 0.2, 0.4, 0.9}, {0.1, 0.2, 0.4, 0.9}));
  EXPECT_EQ(0.0, iou({0, 0, 1, 1}, {1, 0, 2, 1}));  // an edge in common
  EXPECT_EQ(0.0, iou({0, 0, 1, 1}, {1, 1, 2, 2}));  // a corner
  EXPECT_EQ(0.0, iou({0, 0, 1, 1}, {2, 3, 4, 5}));  // both sides negative, not a product of them
  EXPECT_EQ(0.0, iou({0, 0, 1, 1}, {0.5, 2, 0.75, 3}));
}

TEST(jaccard_is_symmetric_and_ignores_scale) {
  const auto a = random_boxes(20, 1), b = random_boxes(15, 2);
  EXPECT_NEAR(jaccard(a, b), jaccard(b, a).t(), 1e-15);
  EXPECT_NEAR(jaccard(a, b), jaccard(a.mul(300), b.mul(300)), 1e-12);
  EXPECT(jaccard(a, b).max().item<double>() > 0.3);  // there was something to compare
}

TEST(jaccard_compares_every_pair_of_every_picture) {
  const auto a = doubles({2, 1, 4}, {0, 0, 1, 1, 0, 0, 2, 2});
  const auto b = doubles({2, 2, 4}, {0, 0, 1, 1, 0, 0, 2, 1, 0, 0, 1, 1, 0, 0, 2, 1});
  const auto all = jaccard(a, b);
  EXPECT_EQ((std::vector<int64_t>{2, 1, 2}), all.sizes().vec());
  EXPECT_NEAR((std::vector<double>{1, 0.5, 0.25, 0.5}), all, 1e-15);
}

TEST(jaccard_refuses_integers) {
  EXPECT_THROWS(Code::BadOption, jaccard(longs({1, 4}, {0, 0, 1, 1}), longs({1, 4}, {0, 0, 1, 1})));
}

TEST(corners_and_centres_by_hand) {
  const auto corners = doubles({1, 4}, {0.1, 0.2, 0.5, 0.8});
  const auto centres = doubles({1, 4}, {0.3, 0.5, 0.4, 0.6});
  EXPECT_NEAR(centres, to_centres(corners), 1e-15);
  EXPECT_NEAR(corners, to_corners(centres), 1e-15);
}

TEST(corners_and_centres_are_inverse) {
  const auto boxes = noise({3, 5, 4}, 3);
  EXPECT_NEAR(boxes, to_corners(to_centres(boxes)), 1e-14);
  EXPECT_NEAR(boxes, to_centres(to_corners(boxes)), 1e-14);
  EXPECT_EQ(boxes.sizes().vec(), to_corners(boxes).sizes().vec());
}

}  // namespace
}  // namespace ssd
