#include "data/colour.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "check.h"

namespace ssd {
namespace {

using Numbers = std::vector<double>;

Numbers distorted(const Colour& colour, const std::array<float, 3>& rgb) {
  const auto out = distorted(colour.distortion(), rgb[0], rgb[1], rgb[2]);
  return {out.values, out.values + 3};
}

// To hue, saturation and value and back, as a textbook writes it.
Numbers through_hsv(const std::array<float, 3>& rgb, double saturation, double hue) {
  const double r = rgb[0], g = rgb[1], b = rgb[2];
  const double value = std::max({r, g, b}), chroma = value - std::min({r, g, b});
  double h = value == r   ? (g - b) / chroma
             : value == g ? 2 + (b - r) / chroma
                          : 4 + (r - g) / chroma;
  h = std::fmod(h * 60 + hue + 720, 360);
  const double c = chroma * saturation, m = value - c;
  const double x = c * (1 - std::abs(std::fmod(h / 60, 2) - 1));
  const std::array<Numbers, 6> sectors{
      {{c, x, 0}, {x, c, 0}, {0, c, x}, {0, x, c}, {x, 0, c}, {c, 0, x}}};
  Numbers out = sectors.at(static_cast<size_t>(h / 60));
  for (double& channel : out) channel += m;
  return out;
}

TEST(without_distortion_nothing_changes) {
  for (const auto& rgb : {std::array<float, 3>{1, 2, 3}, {255, 0, 128}, {0, 0, 0}}) {
    EXPECT_EQ((Numbers{rgb.begin(), rgb.end()}), distorted({}, rgb));
  }
}

TEST(brightness_adds_and_contrast_scales) {
  EXPECT_NEAR((Numbers{30, 120, 210}), distorted({.brightness = 20}, {10, 100, 190}), 1e-4);
  for (const bool first : {true, false}) {
    const Colour colour{.brightness = 20, .contrast = 0.5F, .contrast_first = first};
    EXPECT_NEAR((Numbers{15, 60, 105}), distorted(colour, {10, 100, 190}), 1e-4);
  }
}

TEST(nothing_is_clipped) {
  const Colour colour{.brightness = 100, .contrast = 0.5F, .contrast_first = false};
  EXPECT_NEAR((Numbers{150, 100, 50}), distorted(colour, {200, 100, 0}), 1e-4);
  EXPECT_NEAR((Numbers{260, -10, 0}), distorted({.brightness = 10}, {250, -20, -10}), 1e-4);
  // Below black there is no hue to turn.
  EXPECT_NEAR((Numbers{-20, -10, -5}), distorted({.brightness = -30, .hue = 10}, {10, 20, 25}),
              1e-4);
}

TEST(grey_stays_grey) {
  for (const float grey : {0.0F, 77.0F, 255.0F}) {
    const Colour colour{.saturation = 1.5F, .hue = 17};
    EXPECT_NEAR(Numbers(3, grey), distorted(colour, {grey, grey, grey}), 0);
  }
}

TEST(a_third_of_the_circle_permutes_the_primaries) {
  EXPECT_NEAR((Numbers{0, 255, 0}), distorted({.hue = 120}, {255, 0, 0}), 1e-3);
  EXPECT_NEAR((Numbers{0, 0, 255}), distorted({.hue = 120}, {0, 255, 0}), 1e-3);
  EXPECT_NEAR((Numbers{255, 0, 0}), distorted({.hue = 120}, {0, 0, 255}), 1e-3);
  EXPECT_NEAR((Numbers{0, 0, 255}), distorted({.hue = -120}, {255, 0, 0}), 1e-3);
}

TEST(saturation_moves_between_grey_and_colour) {
  EXPECT_NEAR((Numbers{200, 200, 200}), distorted({.saturation = 0}, {200, 50, 100}), 1e-3);
  EXPECT_NEAR((Numbers{200, 125, 150}), distorted({.saturation = 0.5F}, {200, 50, 100}), 1e-3);
}

TEST(agrees_with_the_textbook_on_random_colours) {
  Random random(1, 0, 0);
  for (int i = 0; i < 500; ++i) {
    const std::array<float, 3> rgb{random.uniform(0, 255), random.uniform(0, 255),
                                   random.uniform(0, 255)};
    const float saturation = random.uniform(0.5F, 1.5F), hue = random.uniform(-180, 180);
    EXPECT_NEAR(through_hsv(rgb, saturation, hue),
                distorted({.saturation = saturation, .hue = hue}, rgb), 2e-2);
  }
}

TEST(channels_are_permuted_last) {
  const Colour colour{.brightness = 10, .channels = {2, 0, 1}};
  EXPECT_NEAR((Numbers{40, 20, 30}), distorted(colour, {10, 20, 30}), 1e-4);
}

TEST(each_distortion_is_drawn_half_of_the_time_within_its_range) {
  constexpr int kDraws = 6000;
  Numbers counts(5);
  std::map<std::array<uint8_t, 3>, int> orders;
  double extremes[4] = {0, 1, 1, 0};
  for (uint32_t i = 0; i < kDraws; ++i) {
    Random random(9, 1, i);
    const auto c = Colour::draw(random);
    counts[0] += c.brightness != 0;
    counts[1] += c.contrast_first;
    counts[2] += c.contrast != 1;
    counts[3] += c.saturation != 1;
    counts[4] += c.hue != 0;
    ++orders[c.channels];
    EXPECT(std::abs(c.brightness) <= 32 && std::abs(c.hue) <= 18);
    EXPECT(c.contrast >= 0.5F && c.contrast <= 1.5F);
    EXPECT(c.saturation >= 0.5F && c.saturation <= 1.5F);
    extremes[0] = std::max<double>(extremes[0], c.brightness);
    extremes[1] = std::min<double>(extremes[1], c.contrast);
    extremes[2] = std::max<double>(extremes[2], c.saturation);
    extremes[3] = std::min<double>(extremes[3], c.hue);
  }
  EXPECT_NEAR(Numbers(5, kDraws / 2.0), counts, 200);  // five deviations
  EXPECT(extremes[0] > 31 && extremes[1] < 0.51 && extremes[2] > 1.49 && extremes[3] < -17.5);
  // Half stay, and of the other half each of the six orders, the identity too, has a sixth.
  EXPECT_EQ(6, orders.size());
  for (const auto& [order, count] : orders) {
    const bool identity = order == std::array<uint8_t, 3>{0, 1, 2};
    EXPECT_NEAR(kDraws * (identity ? 7.0 : 1.0) / 12, count, 200);
  }
}

TEST(the_same_random_draws_the_same) {
  Random a(3, 4, 5), b(3, 4, 5);
  const std::array<float, 3> rgb{10, 200, 90};
  EXPECT_EQ(distorted(Colour::draw(a), rgb), distorted(Colour::draw(b), rgb));
}

}  // namespace
}  // namespace ssd
