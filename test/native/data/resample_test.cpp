#include "data/resample.h"

#include "check.h"
#include "composed.h"

namespace ssd {
namespace {

using Numbers = std::vector<double>;

// A picture whose red counts its pixels in steps of 10.
Painting counting(int32_t width, int32_t height) {
  Painting out(width, height, {0, 0, 0});
  for (int32_t i = 0; i < width * height; ++i) {
    out.pixel(i % width, i / width, {static_cast<uint8_t>(i * 10), 7, 200});
  }
  return out;
}

Numbers resampled(const Painting& painting, const View& view, int32_t side,
                  const Colour& colour = {}, const Normalisation& normalisation = {}) {
  const Layer layer{.view = view, .region = {0, 0, side, side}, .colour = colour};
  return composed({layer}, {painting}, {side, normalisation});
}

Numbers red(const Numbers& rgb) {
  Numbers out;
  for (size_t i = 0; i < rgb.size(); i += 3) out.push_back(rgb[i]);
  return out;
}

TEST(the_whole_picture_at_its_own_size_is_the_picture) {
  const auto painting = counting(4, 4);
  const auto* pixels = painting.picture().pixels;
  EXPECT_EQ((Numbers{pixels, pixels + 48}), resampled(painting, {0, 0, 4, 4}, 4));
}

TEST(mirroring_turns_the_rows_around) {
  EXPECT_EQ((Numbers{20, 10, 0, 50, 40, 30, 80, 70, 60}),
            red(resampled(counting(3, 3), {0, 0, 3, 3, true}, 3)));
}

TEST(a_part_is_cut_out) {
  EXPECT_EQ((Numbers{60, 70, 100, 110}), red(resampled(counting(4, 4), {2, 1, 2, 2}, 2)));
  EXPECT_EQ((Numbers{70, 60, 110, 100}), red(resampled(counting(4, 4), {2, 1, 2, 2, true}, 2)));
}

TEST(enlarging_is_bilinear_with_half_pixel_centres) {
  Painting two(2, 2, {0, 0, 0});
  two.pixel(1, 0, {100, 0, 0}).pixel(0, 1, {200, 0, 0}).pixel(1, 1, {60, 0, 0});
  // Columns at 0, 1/4, 3/4 and 1 of the way; rows likewise.
  const auto row = [](double left, double right) {
    return Numbers{left, left + (right - left) / 4, left + (right - left) * 3 / 4, right};
  };
  const auto upper = row(0, 100), lower = row(200, 60);
  Numbers expected;
  for (const double weight : {0.0, 0.25, 0.75, 1.0}) {
    for (size_t i = 0; i < 4; ++i) expected.push_back(upper[i] + weight * (lower[i] - upper[i]));
  }
  EXPECT_NEAR(expected, red(resampled(two, {0, 0, 2, 2}, 4)), 1e-4);
}

TEST(shrinking_takes_the_centre_without_smoothing) {
  // Each output's centre falls on the middle pixel of three.
  EXPECT_NEAR((Numbers{10}), red(resampled(counting(3, 1), {0, 0, 3, 1}, 1)), 1e-5);
  Painting wide(6, 6, {0, 0, 0});
  wide.pixel(1, 1, {250, 0, 0}).pixel(4, 4, {150, 0, 0});
  EXPECT_NEAR((Numbers{250, 0, 0, 150}), red(resampled(wide, {0, 0, 6, 6}, 2)), 1e-4);
}

TEST(width_and_height_stretch_on_their_own) {
  EXPECT_NEAR((Numbers{5, 25, 5, 25}), red(resampled(counting(4, 1), {0, 0, 4, 1}, 2)), 1e-5);
}

TEST(outside_is_the_mean_which_is_zero) {
  const Painting white(2, 2, {255, 255, 255});
  const Numbers outside{0, 0, 0, 0, 0, 255, 255, 0, 0, 255, 255, 0, 0, 0, 0, 0};
  EXPECT_EQ(outside, red(resampled(white, {-1, -1, 4, 4}, 4)));
  const Normalisation normalisation{{100, 100, 100}, {50, 50, 50}};
  // No colour distortion either: it is not a part of the picture.
  const Colour bright{.brightness = -55};
  const auto normalised = red(resampled(white, {-1, -1, 4, 4}, 4, bright, normalisation));
  for (size_t i = 0; i < 16; ++i) EXPECT_NEAR(outside[i] == 0 ? 0.0 : 2.0, normalised[i], 1e-6);
}

TEST(an_even_picture_stays_even_under_any_view) {
  const Painting even(9, 5, {10, 20, 30});
  Random random(1, 0, 0);
  for (int i = 0; i < 200; ++i) {
    const float width = random.uniform(0.5F, 9), height = random.uniform(0.5F, 5);
    const View view{random.uniform(0, 9 - width), random.uniform(0, 5 - height), width, height,
                    random.coin()};
    const auto side = static_cast<int32_t>(1 + random.below(12));
    Numbers expected;
    for (int32_t k = 0; k < side * side; ++k) expected.insert(expected.end(), {10, 20, 30});
    EXPECT_NEAR(expected, resampled(even, view, side), 1e-4);
  }
}

TEST(normalisation_is_by_channel) {
  const Normalisation normalisation{{10, 20, 30}, {2, 4, 5}};
  const Painting one(1, 1, {30, 16, 55});
  EXPECT_NEAR((Numbers{10, -1, 5}), resampled(one, {0, 0, 1, 1}, 1, {}, normalisation), 1e-5);
}

TEST(colours_are_distorted_before_the_normalisation) {
  const Normalisation normalisation{{10, 20, 30}, {2, 4, 5}};
  const Colour colour{.brightness = 5, .channels = {1, 0, 2}};
  const Painting one(1, 1, {30, 16, 55});
  EXPECT_NEAR((Numbers{5.5, 3.75, 6}), resampled(one, {0, 0, 1, 1}, 1, colour, normalisation),
              1e-5);
}

TEST(taps_are_held_to_the_view_and_not_to_the_picture) {
  // The view's last column blends with itself, not with the bright one beyond it.
  Painting three(3, 1, {0, 0, 0});
  three.pixel(2, 0, {240, 0, 0});
  EXPECT_NEAR((Numbers{0, 0, 0, 0}), red(resampled(three, {0, 0, 2, 1}, 2)), 0);
  // At the picture's own edge, inside the view, the mean shines in.
  const auto edge = red(resampled(Painting(1, 4, {240, 0, 0}), {0, 0, 2, 4}, 4));
  EXPECT_NEAR((Numbers{240, 180, 60, 0}), (Numbers{edge.begin(), edge.begin() + 4}), 1e-4);
}

TEST(layers_lie_over_one_another) {
  const Painting red_one(2, 2, {200, 0, 0}), blue_one(2, 2, {0, 0, 100});
  const View all{0, 0, 2, 2};
  const Layer below{.view = all, .region = {0, 0, 4, 4}};
  const Layer quarter{.view = all, .region = {2, 0, 2, 2}};
  const auto covered = composed({below, quarter}, {red_one, blue_one}, {4, {}});
  for (int32_t i = 0; i < 16; ++i) {
    const bool in_quarter = i % 4 >= 2 && i < 8;
    const auto* pixel = &covered[static_cast<size_t>(i) * 3];
    const Numbers expected{in_quarter ? 0.0 : 200.0, 0, in_quarter ? 100.0 : 0.0};
    EXPECT_EQ(expected, (Numbers{pixel, pixel + 3}));
  }
  const Layer one{.view = all, .region = {0, 0, 1, 1}};
  auto glass = one;
  glass.opacity = 0.25F;
  const auto mixed = composed({one, glass}, {red_one, blue_one}, {1, {}});
  EXPECT_NEAR((Numbers{150, 0, 25}), mixed, 1e-4);
}

TEST(what_no_layer_covers_is_the_mean) {
  const Layer middle{.view = {0, 0, 1, 1}, .region = {1, 0, 1, 3}};
  const Normalisation normalisation{{100, 50, 25}, {1, 2, 3}};
  const auto out = composed({middle}, {Painting(1, 1, {110, 60, 40})}, {3, normalisation});
  for (size_t i = 0; i < 9; ++i) {
    const auto* pixel = &out[i * 3];
    const Numbers expected = i % 3 == 1 ? Numbers{10, 5, 5} : Numbers{0, 0, 0};
    EXPECT_NEAR(expected, (Numbers{pixel, pixel + 3}), 1e-5);
  }
}

TEST(the_fast_rows_agree_with_a_pixel_at_a_time) {
  Random random(3, 0, 0);
  for (int i = 0; i < 120; ++i) {
    Painting painting(static_cast<int32_t>(1 + random.below(40)),
                      static_cast<int32_t>(1 + random.below(40)), {0, 0, 0});
    const auto picture = painting.picture();
    for (int32_t k = 0; k < picture.width * picture.height; ++k) {
      const auto byte = [&] { return static_cast<uint8_t>(random.below(256)); };
      painting.pixel(k % picture.width, k / picture.width, {byte(), byte(), byte()});
    }
    const auto draw = [&](int32_t length) {
      const float extent = 1 + random.uniform(0, 3) * static_cast<float>(length);
      const float start = random.uniform(-extent / 2, static_cast<float>(length) - extent / 2);
      return std::pair{start, extent};
    };
    const auto [left, width] = draw(picture.width);
    const auto [top, height] = draw(picture.height);
    const auto side = static_cast<int32_t>(1 + random.below(30));
    const Layer layer{.view = {left, top, width, height, random.coin()},
                      .region = {0, 0, side, side},
                      .colour = Colour::draw(random)};
    const Frame frame{side, {{123, 117, 104}, {58, 57, 56}}};
    // Both compute the same in float; thousandths of a step of 1/255 are rounding.
    EXPECT_NEAR(pixelwise(layer, picture, frame), composed({layer}, {painting}, frame), 1e-5);
  }
}

TEST(bfloat16_is_the_rounded_float) {
  const auto painting = counting(5, 4);
  const Layer layer{.view = {0, 0, 5, 4}, .region = {0, 0, 7, 7}};
  Frame frame{7, {{123, 117, 104}, {58, 57, 56}}};
  const auto exact = composed({layer}, {painting}, frame);
  frame.dtype = at::kBFloat16;
  const auto rounded = composed({layer}, {painting}, frame);
  for (size_t i = 0; i < exact.size(); ++i) {
    EXPECT_EQ(static_cast<double>(static_cast<float>(c10::BFloat16(static_cast<float>(exact[i])))),
              rounded[i]);
  }
}

}  // namespace
}  // namespace ssd
