#include "scene.h"

Painting scene() {
  Painting out(kSceneWidth, kSceneHeight, {50, 50, 50});
  out.object(15, 20, 55, 50, {250, 50, 50}, 0).object(70, 40, 110, 80, {50, 50, 250}, 1);
  return out;
}

ssd::Shown augmented(const Painting& painting, const ssd::AugmentOptions& options, uint32_t index) {
  ssd::Random random(11, 0, index);
  return ssd::augment(painting.picture(), options, kSide, random);
}

bool is_whole(const ssd::View& view) {
  return view.left == 0 && view.top == 0 && view.width == kSceneWidth &&
         view.height == kSceneHeight;
}
