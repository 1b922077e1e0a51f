#include "data/colour.h"

#include <algorithm>
#include <cmath>

namespace ssd {

namespace {

using Rgb = std::array<float, 3>;

// Saturation and hue changed through HSV, with the value left as it is.
Rgb shift(const Rgb& rgb, float saturation, float hue) {
  const float value = std::max({rgb[0], rgb[1], rgb[2]});
  const float chroma = value - std::min({rgb[0], rgb[1], rgb[2]});
  if (chroma <= 0 || value <= 0) return rgb;  // grey has no hue to turn
  float sector = 0;                           // hue in sixths of the circle
  if (value == rgb[0]) {
    sector = (rgb[1] - rgb[2]) / chroma;
  } else if (value == rgb[1]) {
    sector = 2 + (rgb[2] - rgb[0]) / chroma;
  } else {
    sector = 4 + (rgb[0] - rgb[1]) / chroma;
  }
  sector = std::fmod(sector + hue / 60 + 12, 6.0F);
  const float range = chroma * saturation;
  const auto channel = [&](float offset) {
    const float k = std::fmod(sector + offset, 6.0F);
    return value - range * std::clamp(std::min(k, 4 - k), 0.0F, 1.0F);
  };
  return {channel(5), channel(3), channel(1)};
}

}  // namespace

Colour Colour::draw(Random& random) {
  Colour out;
  if (random.coin()) out.brightness = random.uniform(-32, 32);
  out.contrast_first = random.coin();
  if (random.coin()) out.contrast = random.uniform(0.5F, 1.5F);
  if (random.coin()) out.saturation = random.uniform(0.5F, 1.5F);
  if (random.coin()) out.hue = random.uniform(-18, 18);
  if (random.coin()) {
    constexpr std::array<std::array<uint8_t, 3>, 6> kOrders{
        {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}}};
    out.channels = kOrders[random.below(6)];
  }
  return out;
}

Rgb Colour::operator()(Rgb rgb) const {
  for (float& value : rgb) value = (value + brightness) * (contrast_first ? contrast : 1);
  if (saturation != 1 || hue != 0) rgb = shift(rgb, saturation, hue);
  if (!contrast_first) {
    for (float& value : rgb) value *= contrast;
  }
  Rgb out;
  for (size_t c = 0; c < 3; ++c) out[c] = std::clamp(rgb[channels[c]], 0.0F, 255.0F);
  return out;
}

}  // namespace ssd
