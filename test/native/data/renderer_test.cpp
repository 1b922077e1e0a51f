#include "data/renderer.h"

#include "check.h"
#include "composed.h"
#include "data/augment.h"
#include "data/pack.h"
#include "scene.h"
#include "tensors.h"

namespace ssd {
namespace {

constexpr Frame kFrame{40, {{123, 117, 104}, {58, 57, 56}}};

std::vector<Painting> paintings() {
  return {numbered_painting(3, 2), numbered_painting(90, 1), scene()};
}

// A random part of each picture, rendered as a batch of `device`'s own.
void expect_the_same_as_directly(Renderer& renderer, Pack& pack) {
  const auto painted = paintings();
  for (uint32_t number = 0; number < 40; ++number) {
    std::vector<std::vector<Renderer::Staged>> staged;
    std::vector<Layer> layers;
    for (uint32_t i = 0; i < pack.size(); ++i) {
      Random random(5, number, i);
      const auto picture = pack.picture(i);
      layers.push_back(augment(picture, {}, kFrame.side, random).layer);
      staged.push_back({renderer.stage(layers.back(), picture)});
    }
    const auto rendered = renderer.render(staged, kFrame);
    renderer.use(rendered);
    for (size_t i = 0; i < painted.size(); ++i) {
      const auto got = rendered.images.select(0, static_cast<int64_t>(i));
      EXPECT_NEAR(composed({layers[i]}, {painted[i]}, kFrame), got, 0);
    }
  }
}

TEST(rows_that_are_shown_are_all_that_is_staged) {
  Pack pack(PackFile(paintings()).index);
  Renderer renderer(pack, at::kCPU, false);
  EXPECT(!renderer.resident());
  const auto picture = pack.picture(2);
  const Layer layer{.view = {0, 30, 50, 20}, .region = {0, 0, 40, 40}};
  const auto staged = renderer.stage(layer, picture);
  EXPECT_EQ(20 * kSceneWidth * 3, staged.pixels.numel());
  EXPECT_EQ(picture.pixels[30 * kSceneWidth * 3], staged.pixels[0].item<int64_t>());
  // Wholly outside there is still a row, and none of it is read.
  const Layer outside{.view = {0, 500, 50, 20}, .region = {0, 0, 40, 40}};
  EXPECT_EQ(kSceneWidth * 3, renderer.stage(outside, picture).pixels.numel());
  expect_the_same_as_directly(renderer, pack);
}

TEST(resident_pixels_are_not_staged) {
  Pack pack(PackFile(paintings()).index);
  Renderer renderer(pack, at::kCPU, true);
  EXPECT(renderer.resident());
  const Layer layer{.view = {0, 30, 50, 20}, .region = {0, 0, 40, 40}};
  EXPECT(!renderer.stage(layer, pack.picture(2)).pixels.defined());
  expect_the_same_as_directly(renderer, pack);
}

}  // namespace
}  // namespace ssd
