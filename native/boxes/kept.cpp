#include "boxes/kept.h"

#include <limits>

namespace ssd {

namespace {

// Boxes that are looked at before it is asked whether one of them overlaps.
constexpr size_t kBlock = 16;

SSD_VECTOR_CLONES
bool any_overlaps(const float* x1, const float* y1, const float* x2, const float* y2, size_t count,
                  const Corners<float>& box, float iou) {
  for (size_t first = 0; first < count; first += kBlock) {
    int hits = 0;
    for (size_t i = first; i < first + kBlock; ++i) {
      hits |= static_cast<int>(overlaps(box, {x1[i], y1[i], x2[i], y2[i]}, iou));
    }
    if (hits != 0) return true;
  }
  return false;
}

}  // namespace

bool Kept::covers(const Corners<float>& box, float iou) const {
  return any_overlaps(x1_.data(), y1_.data(), x2_.data(), y2_.data(), count_, box, iou);
}

void Kept::add(const Corners<float>& box) {
  if (count_ == x1_.size()) {
    constexpr float far = std::numeric_limits<float>::max();
    for (auto* low : {&x1_, &y1_}) low->resize(count_ + kBlock, far);
    for (auto* high : {&x2_, &y2_}) high->resize(count_ + kBlock, -far);
  }
  x1_[count_] = box.x1;
  y1_[count_] = box.y1;
  x2_[count_] = box.x2;
  y2_[count_] = box.y2;
  ++count_;
}

void Kept::clear() {
  for (auto* side : {&x1_, &y1_, &x2_, &y2_}) side->clear();
  count_ = 0;
}

}  // namespace ssd
