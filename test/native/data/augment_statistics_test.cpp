// How often and how far: with fixed seeds, so that nothing here is left to chance.
#include "check.h"
#include "data/augment.h"
#include "pictures.h"

namespace ssd {
namespace {

constexpr int32_t kWidth = 120, kHeight = 90;
constexpr AugmentOptions kGeometry{.photometric = false};
constexpr AugmentOptions kExpand{.photometric = false, .crop = false, .mirror = false};
constexpr AugmentOptions kCrop{.photometric = false, .expand = false, .mirror = false};
constexpr AugmentOptions kMirror{.photometric = false, .expand = false, .crop = false};

Painting picture() {
  Painting out(kWidth, kHeight, {50, 50, 50});
  out.object(15, 20, 55, 50, {250, 50, 50}, 0).object(70, 40, 110, 80, {50, 50, 250}, 1);
  return out;
}

Augmentation augmented(const Painting& painting, const AugmentOptions& options, uint32_t index) {
  Random random(11, 0, index);
  return augment(painting.picture(), options, random);
}

bool is_whole(const View& view) {
  return view.left == 0 && view.top == 0 && view.width == kWidth && view.height == kHeight;
}

TEST(one_mode_in_six_takes_the_whole_picture) {
  const Painting empty(kWidth, kHeight, {0, 0, 0});
  // Too small to be overlapped by a tenth: of the modes only the whole and any patch are left.
  Painting speck(kWidth, kHeight, {0, 0, 0});
  speck.object(60, 45, 62, 47, {1, 1, 1}, 0);
  int of_empty = 0, of_speck = 0;
  for (uint32_t index = 0; index < 3000; ++index) {
    of_empty += is_whole(augmented(empty, kCrop, index).view);
    of_speck += is_whole(augmented(speck, kCrop, index).view);
  }
  EXPECT_NEAR(500, of_empty, 110);  // five deviations
  EXPECT_NEAR(1500, of_speck, 140);
}

TEST(expansion_is_one_to_four_times_half_of_the_time) {
  const auto painting = picture();
  constexpr int kDraws = 3000;
  int expanded = 0;
  double ratios = 0, places = 0;
  for (uint32_t index = 0; index < kDraws; ++index) {
    const auto out = augmented(painting, kExpand, index);
    const auto& view = out.view;
    EXPECT_EQ(2, out.truths.labels.size());
    if (is_whole(view)) continue;
    ++expanded;
    EXPECT(view.width >= kWidth && view.width <= 4 * kWidth);
    EXPECT_NEAR(view.width / kWidth, view.height / kHeight, 1e-5);
    EXPECT(view.left <= 0 && view.left + view.width >= kWidth - 1e-3F);
    EXPECT(view.top <= 0 && view.top + view.height >= kHeight - 1e-3F);
    ratios += view.width / kWidth;
    places += -view.left / (view.width - kWidth);
  }
  EXPECT_NEAR(kDraws / 2.0, expanded, 140);
  EXPECT_NEAR(2.5, ratios / expanded, 0.12);
  EXPECT_NEAR(0.5, places / expanded, 0.04);
}

TEST(half_of_the_views_are_mirrored) {
  const auto painting = picture();
  int mirrored = 0;
  for (uint32_t index = 0; index < 3000; ++index) {
    const auto out = augmented(painting, kMirror, index);
    mirrored += out.view.mirror;
    EXPECT_NEAR(out.view.mirror ? 65.0 / 120 : 15.0 / 120, out.truths.boxes[0], 1e-6);
  }
  EXPECT_NEAR(1500, mirrored, 140);
}

TEST(colours_are_drawn_only_when_asked_for) {
  const auto painting = picture();
  int coloured = 0;
  for (uint32_t index = 0; index < 200; ++index) {
    const auto plain = augmented(painting, kGeometry, index).colour;
    EXPECT(plain.brightness == 0 && plain.contrast == 1 && plain.saturation == 1 && plain.hue == 0);
    coloured += augmented(painting, {}, index).colour.brightness != 0;
  }
  EXPECT_NEAR(100, coloured, 36);
}

}  // namespace
}  // namespace ssd
