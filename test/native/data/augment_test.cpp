#include "data/augment.h"

#include <cmath>
#include <optional>

#include "check.h"
#include "composed.h"
#include "scene.h"

namespace ssd {
namespace {

using Numbers = std::vector<double>;

constexpr AugmentOptions kNone{
    .photometric = false, .expand = false, .crop = false, .mirror = false};
constexpr AugmentOptions kGeometry{.photometric = false};
constexpr AugmentOptions kCrop{.photometric = false, .expand = false, .mirror = false};

// What surrounds the pixels that are bright in a channel, relative to the view.
std::optional<Numbers> bounds(const Numbers& rgb, size_t channel) {
  Numbers box{1, 1, 0, 0};
  for (int32_t i = 0; i < kSide * kSide; ++i) {
    if (rgb[static_cast<size_t>(i) * 3 + channel] <= 150) continue;
    const double x = i % kSide, y = i / kSide;
    box = {std::min(box[0], x / kSide), std::min(box[1], y / kSide),
           std::max(box[2], (x + 1) / kSide), std::max(box[3], (y + 1) / kSide)};
  }
  if (box[2] == 0) return {};
  return box;
}

bool holds(const View& view, double x, double y) {
  return x > view.left && x < view.left + view.width && y > view.top && y < view.top + view.height;
}

TEST(the_whole_picture_keeps_all_truths) {
  const auto painting = scene();
  for (const auto& out :
       {whole(painting.picture(), Fit::Stretch, kSide), augmented(painting, kNone, 0)}) {
    EXPECT(is_whole(out.layer.view) && !out.layer.view.mirror);
    EXPECT_NEAR((Numbers{0, 1}), out.truths.labels, 0);
    EXPECT_NEAR((Numbers{15.0 / 120, 20.0 / 90, 55.0 / 120, 50.0 / 90,  //
                         70.0 / 120, 40.0 / 90, 110.0 / 120, 80.0 / 90}),
                out.truths.boxes, 1e-6);
  }
}

TEST(slivers_and_boxes_without_area_are_dropped) {
  const Painting canvas(kSceneWidth, kSceneHeight, {0, 0, 0});
  const auto kept = [&](const std::vector<float>& box) {
    const std::vector<int32_t> labels{0};
    auto picture = canvas.picture();
    picture.boxes = box;
    picture.labels = labels;
    return whole(picture, Fit::Stretch, kSide).truths.labels.size() == 1;
  };
  EXPECT(kept({10, 10, 10.5F, 40}));
  EXPECT(!kept({10, 10, 10.05F, 40}));  // less than a thousandth of the view
  EXPECT(!kept({10, 10, 40, 10.05F}));
  EXPECT(!kept({40, 10, 10, 40}));
  EXPECT(!kept({NAN, 10, 40, 40}));
}

TEST(boxes_follow_the_pixels) {
  const auto painting = scene();
  int seen = 0, dropped = 0;
  for (uint32_t index = 0; index < 300; ++index) {
    const auto out = augmented(painting, kGeometry, index);
    const auto rgb = composed({out.layer}, {painting}, {kSide, {}});
    for (size_t k = 0; k < out.truths.labels.size(); ++k) {
      const auto found = bounds(rgb, out.truths.labels[k] == 0 ? 0 : 2);
      EXPECT(found.has_value());
      const auto* box = &out.truths.boxes[k * 4];
      // A pixel is bright when its centre lies in the box: half a pixel of play.
      EXPECT_NEAR(*found, (Numbers{box, box + 4}), 0.51 / kSide);
      ++seen;
    }
    dropped += 2 - static_cast<int>(out.truths.labels.size());
  }
  EXPECT(seen > 300 && dropped > 50);
}

TEST(a_crop_keeps_the_truths_whose_centre_it_holds) {
  const auto painting = scene();
  for (uint32_t index = 0; index < 500; ++index) {
    const auto out = augmented(painting, kGeometry, index);
    std::vector<int64_t> expected;
    if (holds(out.layer.view, 35, 35)) expected.push_back(0);
    if (holds(out.layer.view, 90, 60)) expected.push_back(1);
    EXPECT(!expected.empty());
    EXPECT_EQ(expected, out.truths.labels);
  }
}

TEST(no_box_is_degenerate_or_outside) {
  Painting crowd(kSceneWidth, kSceneHeight, {0, 0, 0});
  for (int32_t i = 0; i < 12; ++i)
    crowd.object(i * 9, i * 6, i * 9 + 1 + i, i * 6 + 12 - i, {9, 9, 9}, i);
  for (uint32_t index = 0; index < 500; ++index) {
    const auto truths = augmented(crowd, kGeometry, index).truths;
    EXPECT_EQ(truths.labels.size() * 4, truths.boxes.size());
    for (size_t k = 0; k < truths.boxes.size(); k += 4) {
      const auto* box = &truths.boxes[k];
      EXPECT(box[2] - box[0] > 1e-3F && box[3] - box[1] > 1e-3F);
      EXPECT(box[0] >= 0 && box[1] >= 0 && box[2] <= 1 && box[3] <= 1);
    }
  }
}

TEST(a_crop_lies_in_the_picture_and_is_neither_thin_nor_small) {
  const auto painting = scene();
  for (uint32_t index = 0; index < 500; ++index) {
    const auto view = augmented(painting, kCrop, index).layer.view;
    const double ratio = view.width / view.height;
    // Sides are cut to whole pixels after the ratio was looked at: one of 27 or more.
    EXPECT(ratio >= 0.5 * 26 / 27 && ratio <= 2.0 * 27 / 26);
    EXPECT(view.width >= 0.3F * kSceneWidth - 1 && view.height >= 0.3F * kSceneHeight - 1);
    EXPECT(view.left >= 0 && view.left + view.width <= kSceneWidth);
    EXPECT(view.top >= 0 && view.top + view.height <= kSceneHeight);
    for (const float number : {view.left, view.top, view.width, view.height}) {
      EXPECT_EQ(std::floor(number), number);
    }
  }
}

TEST(the_overlap_rule_can_be_left_aside) {
  // No patch reaches .7 of a truth so small; ignoring the rule every mode finds one at once.
  Painting speck(kSceneWidth, kSceneHeight, {0, 0, 0});
  speck.object(60, 45, 62, 47, {1, 1, 1}, 0);
  auto ignored = kCrop;
  ignored.overlap = Overlap::Ignored;
  std::vector<int> reached(6), all(6);
  for (uint32_t index = 0; index < 600; ++index) {
    ++reached[static_cast<size_t>(augmented(speck, kCrop, index).layer.mode)];
    ++all[static_cast<size_t>(augmented(speck, ignored, index).layer.mode)];
  }
  EXPECT_EQ(0, reached[1] + reached[2] + reached[3] + reached[4]);
  for (const int count : all) EXPECT_NEAR(100, count, 50);
}

TEST(a_letterbox_keeps_the_shape_and_the_boxes_find_back) {
  const auto painting = scene();
  const auto out = whole(painting.picture(), Fit::Letterbox, kSide);
  EXPECT((out.layer.region == Region{0, 25, 200, 150}));
  const auto rgb = composed({out.layer}, {painting}, {kSide, {}});
  for (size_t k = 0; k < 2; ++k) {
    const auto* box = &out.truths.boxes[k * 4];
    EXPECT_NEAR(*bounds(rgb, k == 0 ? 0 : 2), (Numbers{box, box + 4}), 0.51 / kSide);
  }
  auto boxes = out.truths.boxes;
  to_picture(boxes, out.layer.region, kSide);
  EXPECT_NEAR(whole(painting.picture(), Fit::Stretch, kSide).truths.boxes, boxes, 1e-6);
  std::vector<float> margin{0, 0, 1, 1};
  to_picture(margin, out.layer.region, kSide);
  EXPECT_EQ((std::vector<float>{0, 0, 1, 1}), margin);
  const Painting thin(400, 1, {0, 0, 0});
  EXPECT((whole(thin.picture(), Fit::Letterbox, kSide).layer.region == Region{0, 99, 200, 1}));
}

TEST(the_same_random_gives_the_same_view) {
  const auto painting = scene();
  const auto first = augmented(painting, {}, 5), again = augmented(painting, {}, 5);
  EXPECT_EQ(first.truths.boxes, again.truths.boxes);
  EXPECT_EQ(first.layer.view.left, again.layer.view.left);
  EXPECT(first.layer.view.left != augmented(painting, {}, 6).layer.view.left);
}

}  // namespace
}  // namespace ssd
