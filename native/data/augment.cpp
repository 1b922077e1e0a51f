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

float overlap_area(const Rect& a, const Rect& b) {
  const float width = std::min(a.x2, b.x2) - std::max(a.x1, b.x1);
  const float height = std::min(a.y2, b.y2) - std::max(a.y1, b.y1);
  return width <= 0 || height <= 0 ? 0 : width * height;
}

float iou(const Rect& a, const Rect& b) {
  const float both = overlap_area(a, b);
  return both == 0 ? 0 : both / (a.area() + b.area() - both);
}

bool holds_centre(const Rect& patch, const Rect& box) {
  const float x = (box.x1 + box.x2) / 2, y = (box.y1 + box.y2) / 2;
  return x > patch.x1 && x < patch.x2 && y > patch.y1 && y < patch.y2;
}

View expand(const View& view, Random& random) {
  const float ratio = random.uniform(1, 4);
  const float width = view.width * ratio, height = view.height * ratio;
  return {-std::floor(random.uniform(0, width - view.width)),
          -std::floor(random.uniform(0, height - view.height)), std::floor(width),
          std::floor(height), view.mirror};
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
int32_t crop(const Picture& picture, Overlap rule, View& view, Random& random) {
  constexpr std::array<float, 6> kLeast{0, 0.1F, 0.3F, 0.7F, 0.9F, 0};
  const View canvas = view;
  for (;;) {
    const uint32_t mode = random.below(kLeast.size());
    if (mode == 0) {
      view = canvas;
      return 0;
    }
    const float least = rule == Overlap::Reached ? kLeast[mode] : 0;
    for (int trial = 0; trial < kTrials; ++trial) {
      const float width = random.uniform(0.3F, 1) * canvas.width;
      const float height = random.uniform(0.3F, 1) * canvas.height;
      if (height > 2 * width || width > 2 * height) continue;
      const float left = random.uniform(0, canvas.width - width);
      const float top = random.uniform(0, canvas.height - height);
      view.left = canvas.left + std::floor(left);
      view.top = canvas.top + std::floor(top);
      view.width = std::floor(left + width) - std::floor(left);
      view.height = std::floor(top + height) - std::floor(top);
      if (view.width < 1 || view.height < 1) continue;
      if (fits(picture, rect(view), least)) return static_cast<int32_t>(mode);
    }
  }
}

View all_of(const Picture& picture) {
  return {0, 0, static_cast<float>(picture.width), static_cast<float>(picture.height), false};
}

}  // namespace

Truths seen(const Picture& picture, const Layer& layer, int32_t side, bool by_centre, float share) {
  // A sliver of less than a thousandth of the training picture is no object any more.
  constexpr float kLeastSide = 1e-3F;
  const auto& view = layer.view;
  const auto& region = layer.region;
  const Rect shown = rect(view);
  const auto whole = static_cast<float>(side);
  const auto place = [&](float at, float start, float extent, int32_t from, int32_t length) {
    const float inside = std::clamp((at - start) / extent, 0.0F, 1.0F);
    return (static_cast<float>(from) + inside * static_cast<float>(length)) / whole;
  };
  Truths out;
  for (size_t i = 0; i < picture.labels.size(); ++i) {
    const Rect box = truth(picture, i);
    if (by_centre && !holds_centre(shown, box)) continue;
    if (share > 0 && !(overlap_area(shown, box) >= share * box.area())) continue;
    float left = box.x1, right = box.x2;
    if (view.mirror) {
      left = shown.x1 + shown.x2 - box.x2;
      right = shown.x1 + shown.x2 - box.x1;
    }
    const float x1 = place(left, view.left, view.width, region.left, region.width);
    const float x2 = place(right, view.left, view.width, region.left, region.width);
    const float y1 = place(box.y1, view.top, view.height, region.top, region.height);
    const float y2 = place(box.y2, view.top, view.height, region.top, region.height);
    if (!(x2 - x1 > kLeastSide) || !(y2 - y1 > kLeastSide)) continue;
    out.boxes.insert(out.boxes.end(), {x1, y1, x2, y2});
    out.labels.push_back(picture.labels[i]);
  }
  return out;
}

Shown augment(const Picture& picture, const AugmentOptions& options, int32_t side, Random& random) {
  Shown out;
  auto& layer = out.layer;
  layer.view = all_of(picture);
  layer.region = {0, 0, side, side};
  if (options.photometric) layer.colour = Colour::draw(random);
  if (options.expand && random.coin()) layer.view = expand(layer.view, random);
  if (options.crop) layer.mode = crop(picture, options.overlap, layer.view, random);
  if (options.mirror) layer.view.mirror = random.coin();
  out.truths = seen(picture, layer, side, options.crop, 0);
  return out;
}

Shown whole(const Picture& picture, Fit fit, int32_t side) {
  Shown out;
  out.layer.view = all_of(picture);
  out.layer.region = {0, 0, side, side};
  if (fit == Fit::Letterbox) {
    const auto longest = static_cast<double>(std::max(picture.width, picture.height));
    const auto fitted = [&](int32_t length) {
      return std::max(1, static_cast<int32_t>(std::lround(length * side / longest)));
    };
    const int32_t width = fitted(picture.width), height = fitted(picture.height);
    out.layer.region = {(side - width) / 2, (side - height) / 2, width, height};
  }
  out.truths = seen(picture, out.layer, side, false, 0);
  return out;
}

void to_picture(std::vector<float>& boxes, const Region& region, int32_t side) {
  if (region == Region{0, 0, side, side}) return;
  const auto place = [&](float at, int32_t from, int32_t length) {
    const float pixels = at * static_cast<float>(side) - static_cast<float>(from);
    return std::clamp(pixels / static_cast<float>(length), 0.0F, 1.0F);
  };
  for (size_t i = 0; i < boxes.size(); i += 2) {
    boxes[i] = place(boxes[i], region.left, region.width);
    boxes[i + 1] = place(boxes[i + 1], region.top, region.height);
  }
}

}  // namespace ssd
