#pragma once

#include <span>
#include <vector>

#include "data/augment.h"

namespace ssd {

// What a training picture is made of, known before any pixel is: its own picture first, then three
// more for a mosaic, then one more that shines through.
struct Recipe {
  std::vector<uint32_t> members;
  bool mosaic = false, mixup = false;
  Random random;  // where it stands after what was drawn here
};

Recipe plan(const AugmentOptions& options, uint32_t index, std::span<const uint32_t> pool,
            Random random);

// A training picture as data.
struct Sample {
  std::vector<Layer> layers;  // one a member
  Truths truths;
};

// Draws a training picture of `side` pixels from its members' pictures. Mosaic (YOLOv4, arXiv
// 2004.10934): four pictures around a random centre, each at half to one and a half times the size
// at which it would fill the square. MixUp (arXiv 1902.04103): two at Beta(32, 32), truths of both.
Sample compose(Recipe recipe, std::span<const Picture> pictures, const AugmentOptions& options,
               int32_t side);

}  // namespace ssd
