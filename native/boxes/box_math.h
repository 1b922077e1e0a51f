#pragma once

#include <cmath>

#include "core/portable.h"

namespace ssd {

// The formulas of box.h and coder.h for one box, for kernels. Corners relative to the picture.
template <class T>
struct Corners {
  T x1, y1, x2, y2;
};

// [cx, cy, w, h]
template <class T>
SSD_HOST_DEVICE SSD_INLINE Corners<T> corners_of(const T* centre) {
  const T w = centre[2] / 2, h = centre[3] / 2;
  return {centre[0] - w, centre[1] - h, centre[0] + w, centre[1] + h};
}

template <class T>
SSD_HOST_DEVICE SSD_INLINE T area_of(const Corners<T>& box) {
  return (box.x2 - box.x1) * (box.y2 - box.y1);
}

template <class T>
SSD_HOST_DEVICE SSD_INLINE T jaccard_of(const Corners<T>& a, T area_a, const Corners<T>& b,
                                        T area_b) {
  const T x1 = a.x1 > b.x1 ? a.x1 : b.x1, y1 = a.y1 > b.y1 ? a.y1 : b.y1;
  const T x2 = a.x2 < b.x2 ? a.x2 : b.x2, y2 = a.y2 < b.y2 ? a.y2 : b.y2;
  const T w = x2 - x1 > 0 ? x2 - x1 : 0, h = y2 - y1 > 0 ? y2 - y1 : 0;
  const T inter = w * h;
  return inter / (area_a + area_b - inter);
}

// The four offsets of a truth from a prior [cx, cy, w, h].
template <class T>
SSD_HOST_DEVICE SSD_INLINE void encode_of(const T* truth, const T* prior, T v0, T v1, T* offsets) {
  for (int k = 0; k < 2; ++k) {
    const T centre = (truth[k] + truth[k + 2]) / 2, side = truth[k + 2] - truth[k];
    offsets[k] = (centre - prior[k]) / (prior[k + 2] * v0);
    offsets[k + 2] = std::log(side / prior[k + 2]) / v1;
  }
}

}  // namespace ssd
