#include "data/augment.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace ssd {

namespace {

constexpr int kTrials = 50;

struct Rect {
  float x1, y1, x2, y2;
  float area() const { return (x2 - x1) * (y2 - y1); }
};

Rect rect(const View& view) {
  return {view.left, view.top, view.left + view.width, view.top + view.height};
}

Rect truth(const Picture& picture, size_t i) {
  const float* box = &picture.boxes[i * 4];
  return {box[0], box[1], box[2], box[3]};
}

float iou(const Rect& a, const Rect& b) {
  const float width = std::min(a.x2, b.x2) - std::max(a.x1, b.x1);
  const float height = std::min(a.y2, b.y2) - std::max(a.y1, b.y1);
  if (width <= 0 || height <= 0) return 0;
  return width * height / (a.area() + b.area() - width * height);
}

bool holds_centre(const Rect& patch, const Rect& box) {
  const float x = (box.x1 + box.x2) / 2, y = (box.y1 + box.y2) / 2;
  return x > patch.x1 && x < patch.x2 && y > patch.y1 && y < patch.y2;
}

View expand(const View& view, Random& random) {
  const float ratio = random.uniform(1, 4);
  const float width = view.width * ratio, height = view.height * ratio;
  return {view.left - random.uniform(0, width - view.width),
          view.top - random.uniform(0, height - view.height), width, height, view.mirror};
}

// A patch fits when a truth overlaps it enough and at least one truth's centre lies in it. A
// picture without truths takes any patch.
bool fits(const Picture& picture, const Rect& patch, float least) {
  if (picture.labels.empty()) return true;
  bool overlaps = false, holds = false;
  for (size_t i = 0; i < picture.labels.size(); ++i) {
    overlaps = overlaps || iou(patch, truth(picture, i)) >= least;
    holds = holds || holds_centre(patch, truth(picture, i));
  }
  return overlaps && holds;
}

// Draws a mode, then up to 50 patches; a mode that finds none is drawn anew.
View crop(const Picture& picture, const View& canvas, Random& random) {
  constexpr std::array<float, 6> kLeast{-1, 0.1F, 0.3F, 0.7F, 0.9F, 0};
  for (;;) {
    const uint32_t mode = random.below(kLeast.size());
    if (mode == 0) return canvas;
    for (int trial = 0; trial < kTrials; ++trial) {
      const float width = random.uniform(0.3F, 1) * canvas.width;
      const float height = random.uniform(0.3F, 1) * canvas.height;
      const float left = canvas.left + random.uniform(0, canvas.width - width);
      const float top = canvas.top + random.uniform(0, canvas.height - height);
      if (height > 2 * width || width > 2 * height) continue;
      const View view{left, top, width, height, canvas.mirror};
      if (fits(picture, rect(view), kLeast[mode])) return view;
    }
  }
}

Truths seen(const Picture& picture, const View& view, bool by_centre) {
  // A sliver of less than a thousandth of the view is no object any more.
  constexpr float kLeastSide = 1e-3F;
  Truths out;
  const auto x_of = [&](float x) { return std::clamp((x - view.left) / view.width, 0.0F, 1.0F); };
  const auto y_of = [&](float y) { return std::clamp((y - view.top) / view.height, 0.0F, 1.0F); };
  for (size_t i = 0; i < picture.labels.size(); ++i) {
    const Rect box = truth(picture, i);
    if (by_centre && !holds_centre(rect(view), box)) continue;
    float x1 = x_of(box.x1), x2 = x_of(box.x2);
    const float y1 = y_of(box.y1), y2 = y_of(box.y2);
    if (!(x2 - x1 > kLeastSide) || !(y2 - y1 > kLeastSide)) continue;
    if (view.mirror) {
      std::swap(x1, x2);
      x1 = 1 - x1;
      x2 = 1 - x2;
    }
    out.boxes.insert(out.boxes.end(), {x1, y1, x2, y2});
    out.labels.push_back(picture.labels[i]);
  }
  return out;
}

}  // namespace

Augmentation augment(const Picture& picture, const AugmentOptions& options, Random& random) {
  Augmentation out = whole(picture);
  if (options.photometric) out.colour = Colour::draw(random);
  if (options.expand && random.coin()) out.view = expand(out.view, random);
  if (options.crop) out.view = crop(picture, out.view, random);
  if (options.mirror) out.view.mirror = random.coin();
  out.truths = seen(picture, out.view, options.crop);
  return out;
}

Augmentation whole(const Picture& picture) {
  Augmentation out;
  out.view = {0, 0, static_cast<float>(picture.width), static_cast<float>(picture.height), false};
  out.truths = seen(picture, out.view, false);
  return out;
}

}  // namespace ssd
