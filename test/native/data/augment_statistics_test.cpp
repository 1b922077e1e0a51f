// How often and how far: with fixed seeds, so that nothing here is left to chance.
#include "check.h"
#include "scene.h"

namespace ssd {
namespace {

constexpr AugmentOptions kGeometry{.photometric = false};
constexpr AugmentOptions kExpand{.photometric = false, .crop = false, .mirror = false};
constexpr AugmentOptions kCrop{.photometric = false, .expand = false, .mirror = false};
constexpr AugmentOptions kMirror{.photometric = false, .expand = false, .crop = false};

TEST(one_mode_in_six_takes_the_whole_picture) {
  const Painting empty(kSceneWidth, kSceneHeight, {0, 0, 0});
  // Too small to be overlapped by a tenth: of the modes only the whole and any patch are left.
  Painting speck(kSceneWidth, kSceneHeight, {0, 0, 0});
  speck.object(60, 45, 62, 47, {1, 1, 1}, 0);
  int of_empty = 0, of_speck = 0;
  for (uint32_t index = 0; index < 3000; ++index) {
    of_empty += is_whole(augmented(empty, kCrop, index).layer.view);
    of_speck += is_whole(augmented(speck, kCrop, index).layer.view);
  }
  EXPECT_NEAR(500, of_empty, 110);  // five deviations
  EXPECT_NEAR(1500, of_speck, 140);
}

TEST(expansion_is_one_to_four_times_half_of_the_time) {
  const auto painting = scene();
  constexpr int kDraws = 3000;
  int expanded = 0;
  double ratios = 0, places = 0;
  for (uint32_t index = 0; index < kDraws; ++index) {
    const auto out = augmented(painting, kExpand, index);
    const auto& view = out.layer.view;
    EXPECT_EQ(2, out.truths.labels.size());
    if (is_whole(view)) continue;
    ++expanded;
    EXPECT(view.width >= kSceneWidth && view.width <= 4 * kSceneWidth);
    EXPECT_NEAR(view.width / kSceneWidth, view.height / kSceneHeight, 1.0 / kSceneHeight);
    EXPECT(view.left <= 0 && view.left + view.width >= kSceneWidth - 1e-3F);
    EXPECT(view.top <= 0 && view.top + view.height >= kSceneHeight - 1e-3F);
    ratios += view.width / kSceneWidth;
    places += -view.left / (view.width - kSceneWidth);
  }
  EXPECT_NEAR(kDraws / 2.0, expanded, 140);
  EXPECT_NEAR(2.5, ratios / expanded, 0.12);
  EXPECT_NEAR(0.5, places / expanded, 0.04);
}

TEST(half_of_the_views_are_mirrored) {
  const auto painting = scene();
  int mirrored = 0;
  for (uint32_t index = 0; index < 3000; ++index) {
    const auto out = augmented(painting, kMirror, index);
    mirrored += out.layer.view.mirror;
    EXPECT_NEAR(out.layer.view.mirror ? 65.0 / 120 : 15.0 / 120, out.truths.boxes[0], 1e-6);
  }
  EXPECT_NEAR(1500, mirrored, 140);
}

TEST(colours_are_drawn_only_when_asked_for) {
  const auto painting = scene();
  int coloured = 0;
  for (uint32_t index = 0; index < 200; ++index) {
    const auto plain = augmented(painting, kGeometry, index).layer.colour;
    EXPECT(plain.brightness == 0 && plain.contrast == 1 && plain.saturation == 1 && plain.hue == 0);
    coloured += augmented(painting, {}, index).layer.colour.brightness != 0;
  }
  EXPECT_NEAR(100, coloured, 36);
}

}  // namespace
}  // namespace ssd
