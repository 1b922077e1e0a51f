#include "data/colour.h"

namespace ssd {

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

Distortion Colour::distortion() const {
  return {.brightness = brightness,
          .before = contrast_first ? contrast : 1,
          .saturation = saturation,
          .hue = hue / 60,
          .after = contrast_first ? 1 : contrast,
          .turns = saturation != 1 || hue != 0,
          .channels = {channels[0], channels[1], channels[2]}};
}

}  // namespace ssd
