#include "data/resample.h"

#include "check.h"
#include "pictures.h"

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
                  const Colour* colour = nullptr, const Normalisation& normalisation = {}) {
  const auto picture = painting.picture();
  // A sentinel after the end and a value that every output must replace.
  std::vector<float> out(static_cast<size_t>(side) * static_cast<size_t>(side) * 3 + 1, -999);
  resample(picture.pixels, picture.width, picture.height, view, side, colour, normalisation,
           out.data());
  EXPECT_EQ(-999.0F, out.back());
  return {out.begin(), out.end() - 1};
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
  const auto normalised = red(resampled(white, {-1, -1, 4, 4}, 4, &bright, normalisation));
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
  EXPECT_NEAR((Numbers{10, -1, 5}), resampled(one, {0, 0, 1, 1}, 1, nullptr, normalisation), 1e-5);
}

TEST(colours_are_distorted_before_the_normalisation) {
  const Normalisation normalisation{{10, 20, 30}, {2, 4, 5}};
  const Colour colour{.brightness = 5, .channels = {1, 0, 2}};
  const Painting one(1, 1, {30, 16, 55});
  EXPECT_NEAR((Numbers{5.5, 3.75, 6}), resampled(one, {0, 0, 1, 1}, 1, &colour, normalisation),
              1e-5);
}

}  // namespace
}  // namespace ssd
