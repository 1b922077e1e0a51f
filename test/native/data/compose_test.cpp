#include "data/compose.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "check.h"
#include "composed.h"
#include "scene.h"

namespace ssd {
namespace {

using Numbers = std::vector<double>;

const std::vector<uint32_t> kPool{3, 5, 7, 11, 13};

AugmentOptions options(float mosaic, float mixup) {
  return {.photometric = false, .mosaic = mosaic, .mixup = mixup};
}

Recipe recipe(const AugmentOptions& options, uint32_t index = 3) {
  return plan(options, index, kPool, Random(11, 0, index));
}

// One training picture of scenes.
Sample sample(const AugmentOptions& options, uint32_t index, const Painting& painting) {
  const auto planned = recipe(options, index);
  const std::vector<Picture> pictures(planned.members.size(), painting.picture());
  return compose(planned, pictures, options, kSide);
}

TEST(members_are_the_picture_its_partners_and_what_shines_through) {
  EXPECT_EQ((std::vector<uint32_t>{3}), recipe(options(0, 0)).members);
  EXPECT_EQ(4, recipe(options(1, 0)).members.size());
  EXPECT_EQ(2, recipe(options(0, 1)).members.size());
  const auto both = recipe(options(1, 1));
  EXPECT(both.mosaic && both.mixup);
  EXPECT_EQ(5, both.members.size());
  EXPECT_EQ(3, both.members.front());
  for (const auto member : both.members) {
    EXPECT(std::find(kPool.begin(), kPool.end(), member) != kPool.end());
  }
}

TEST(partners_are_drawn_evenly_and_as_often_as_asked_for) {
  Numbers counts(14);
  int mosaics = 0, mixtures = 0;
  for (uint32_t i = 0; i < 4000; ++i) {
    const auto planned = recipe(options(0.25F, 0.5F), i);
    mosaics += planned.mosaic;
    mixtures += planned.mixup;
    for (size_t k = 1; k < planned.members.size(); ++k) ++counts[planned.members[k]];
  }
  EXPECT_NEAR(1000, mosaics, 140);  // five deviations
  EXPECT_NEAR(2000, mixtures, 160);
  const double all = std::accumulate(counts.begin(), counts.end(), 0.0);
  for (const auto member : kPool) EXPECT_NEAR(all / 5, counts[member], 5 * std::sqrt(all * 0.16));
}

TEST(without_both_it_is_the_augmentation_of_the_picture) {
  const auto painting = scene();
  for (uint32_t index = 0; index < 20; ++index) {
    const auto out = sample({}, index, painting);
    const auto expected = augmented(painting, {}, index);
    EXPECT_EQ(1, out.layers.size());
    EXPECT_EQ(expected.layer.view.left, out.layers[0].view.left);
    EXPECT_EQ(expected.truths.boxes, out.truths.boxes);
  }
}

TEST(the_tiles_of_a_mosaic_cover_the_picture_once) {
  const auto painting = scene();
  for (uint32_t index = 0; index < 100; ++index) {
    const auto out = sample(options(1, 0), index, painting);
    EXPECT_EQ(4, out.layers.size());
    std::vector<int> covered(kSide * kSide);
    for (const auto& layer : out.layers) {
      const auto& [left, top, width, height] = layer.region;
      EXPECT(width >= kSide / 4 - 1 && height >= kSide / 4 - 1);
      for (int32_t y = top; y < top + height; ++y) {
        for (int32_t x = left; x < left + width; ++x) ++covered[static_cast<size_t>(y * kSide + x)];
      }
    }
    EXPECT_EQ(static_cast<long>(covered.size()), std::count(covered.begin(), covered.end(), 1));
  }
}

TEST(every_tile_meets_the_centre_with_its_picture_and_keeps_its_shape) {
  const auto painting = scene();
  for (uint32_t index = 0; index < 100; ++index) {
    const auto out = sample(options(1, 0), index, painting);
    const auto& corner = out.layers[3].region;
    for (const auto& layer : out.layers) {
      const auto& [view, region] = std::pair{layer.view, layer.region};
      const double across = region.width / view.width, down = region.height / view.height;
      EXPECT_NEAR(across, down, 1e-4);
      EXPECT(across >= 0.5 * kSide / kSceneWidth - 1e-4 &&
             across <= 1.5 * kSide / kSceneWidth + 1e-4);
      // Where the picture ends in the tile, one of its sides is the mosaic's cut.
      const double from = (0 - view.left) * across, to = (kSceneWidth - view.left) * across;
      const double left = region.left + (view.mirror ? region.width - to : from);
      const double right = region.left + (view.mirror ? region.width - from : to);
      EXPECT_NEAR(0, std::min(std::abs(left - corner.left), std::abs(right - corner.left)), 1e-2);
    }
  }
}

TEST(boxes_follow_the_pixels_into_the_tiles) {
  // One bright object: what is bright in a tile is where its box says.
  Painting painting(kSceneWidth, kSceneHeight, {50, 50, 50});
  painting.object(30, 20, 90, 70, {250, 50, 50}, 4);
  int seen = 0;
  for (uint32_t index = 0; index < 60; ++index) {
    const auto out = sample(options(1, 0), index, painting);
    const auto rgb = composed(out.layers, {painting, painting, painting, painting}, {kSide, {}});
    for (size_t k = 0; k < out.truths.labels.size(); ++k) {
      const auto* box = &out.truths.boxes[k * 4];
      const auto pixel = [&](double x, double y) {
        const auto at = [](double share) {
          return std::clamp(static_cast<int32_t>(share * kSide), 0, kSide - 1);
        };
        return rgb[static_cast<size_t>(at(y) * kSide + at(x)) * 3];
      };
      const double inside = 2.0 / kSide;  // enlarged edges are soft
      // The corners of what is cut to a few pixels are not inside.
      if (box[2] - box[0] < 4 * inside || box[3] - box[1] < 4 * inside) continue;
      EXPECT(pixel((box[0] + box[2]) / 2, (box[1] + box[3]) / 2) > 150);
      EXPECT(pixel(box[0] + inside, box[1] + inside) > 150);
      EXPECT(pixel(box[2] - inside, box[3] - inside) > 150);
      ++seen;
    }
  }
  EXPECT(seen > 100);
}

TEST(of_an_object_in_a_tile_a_tenth_must_be_seen) {
  const auto painting = scene();
  const auto picture = painting.picture();
  Layer layer{.view = {54, 20, 60, 60}, .region = {0, 0, kSide, kSide}};  // 1 of 40 columns
  EXPECT_EQ((std::vector<int64_t>{1}), seen(picture, layer, kSide, false, 0.1F).labels);
  layer.view.left = 51;  // exactly a tenth
  EXPECT_EQ((std::vector<int64_t>{0, 1}), seen(picture, layer, kSide, false, 0.1F).labels);
}

TEST(what_shines_through_keeps_the_truths_of_both) {
  const auto painting = scene();
  Numbers shares;
  for (uint32_t index = 0; index < 2000; ++index) {
    const auto out = sample(options(0, 1), index, painting);
    EXPECT_EQ(2, out.layers.size());
    EXPECT_EQ(1.0F, out.layers[0].opacity);
    EXPECT_EQ(out.truths.labels.size() * 4, out.truths.boxes.size());
    EXPECT(out.truths.labels.size() >= 2);
    shares.push_back(out.layers[1].opacity);
  }
  // Beta(32, 32) has mean 1/2 and variance 1 / (4 * 65).
  const double mean = std::accumulate(shares.begin(), shares.end(), 0.0) / 2000;
  double variance = 0;
  for (const double share : shares) variance += (share - mean) * (share - mean) / 2000;
  EXPECT_NEAR(0.5, mean, 5 * 0.062 / std::sqrt(2000));
  EXPECT_NEAR(1.0 / 260, variance, 5 * std::sqrt(2.0 / 2000) / 260);
}

}  // namespace
}  // namespace ssd
