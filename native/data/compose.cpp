#include "data/compose.h"

#include <algorithm>
#include <array>
#include <utility>

namespace ssd {

namespace {

constexpr size_t kTiles = 4;
// Of an object in a tile at least so much must be seen.
constexpr float kShare = 0.1F;

void add(Sample& sample, Shown shown) {
  auto& [boxes, labels] = sample.truths;
  sample.layers.push_back(shown.layer);
  boxes.insert(boxes.end(), shown.truths.boxes.begin(), shown.truths.boxes.end());
  labels.insert(labels.end(), shown.truths.labels.begin(), shown.truths.labels.end());
}

// The view that shows a picture at `scale` in a region, touching the mosaic's centre with a corner.
View touching(const Picture& picture, const Region& region, float scale, bool at_left, bool at_top,
              bool mirror) {
  const auto width = static_cast<float>(region.width) / scale;
  const auto height = static_cast<float>(region.height) / scale;
  // Mirrored, the picture's other side meets the centre.
  const bool from_end = at_left != mirror;
  return {from_end ? static_cast<float>(picture.width) - width : 0,
          at_top ? static_cast<float>(picture.height) - height : 0, width, height, mirror};
}

Shown tile(const Picture& picture, const Region& region, size_t number, int32_t side,
           const AugmentOptions& options, Random& random) {
  Shown out;
  if (options.photometric) out.layer.colour = Colour::draw(random);
  const bool mirror = options.mirror && random.coin();
  const auto longest = static_cast<float>(std::max(picture.width, picture.height));
  const float scale = static_cast<float>(side) / longest * random.uniform(0.5F, 1.5F);
  out.layer.region = region;
  out.layer.view = touching(picture, region, scale, number % 2 == 0, number < 2, mirror);
  out.truths = seen(picture, out.layer, side, false, kShare);
  return out;
}

void mosaic(Sample& sample, std::span<const Picture> pictures, const AugmentOptions& options,
            int32_t side, Random& random) {
  const auto cut = [&] {
    const auto at = static_cast<int32_t>(random.uniform(0.25F, 0.75F) * static_cast<float>(side));
    return std::clamp(at, 1, side - 1);
  };
  const int32_t x = cut(), y = cut();
  const std::array<Region, kTiles> regions{
      {{0, 0, x, y}, {x, 0, side - x, y}, {0, y, x, side - y}, {x, y, side - x, side - y}}};
  for (size_t i = 0; i < kTiles; ++i) {
    add(sample, tile(pictures[i], regions[i], i, side, options, random));
  }
}

// Beta(32, 32): the median of 63 uniform numbers is distributed so.
float balance(Random& random) {
  std::array<float, 63> draws{};
  for (auto& draw : draws) draw = random.uniform();
  auto* const middle = draws.begin() + draws.size() / 2;
  std::nth_element(draws.begin(), middle, draws.end());
  return *middle;
}

}  // namespace

Recipe plan(const AugmentOptions& options, uint32_t index, std::span<const uint32_t> pool,
            Random random) {
  Recipe out{{index}, false, false, random};
  const auto draw = [&](size_t count) {
    for (size_t i = 0; i < count; ++i) {
      out.members.push_back(pool[out.random.below(static_cast<uint32_t>(pool.size()))]);
    }
  };
  // What is off draws nothing, so that turning it on is the only thing that changes a run.
  out.mosaic = options.mosaic > 0 && out.random.uniform() < options.mosaic;
  if (out.mosaic) draw(kTiles - 1);
  out.mixup = options.mixup > 0 && out.random.uniform() < options.mixup;
  if (out.mixup) draw(1);
  return out;
}

Sample compose(Recipe recipe, std::span<const Picture> pictures, const AugmentOptions& options,
               int32_t side) {
  Sample out;
  auto& random = recipe.random;
  if (recipe.mosaic) {
    mosaic(out, pictures, options, side, random);
  } else {
    add(out, augment(pictures[0], options, side, random));
  }
  if (recipe.mixup) {
    auto other = augment(pictures.back(), options, side, random);
    other.layer.opacity = balance(random);
    add(out, std::move(other));
  }
  for (size_t i = 0; i < out.layers.size(); ++i) out.layers[i].index = recipe.members[i];
  return out;
}

}  // namespace ssd
