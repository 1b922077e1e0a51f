#include "matching/overlaps.h"

#include "core/portable.h"

namespace ssd {

namespace {

// What each lane has seen of a truth.
template <class T>
struct Lanes {
  T iou[kLanes];
  int32_t block[kLanes];
};

template <class T>
SSD_INLINE void overlap_lanes(const Corners<T>& box, int32_t truth, const T* __restrict x1,
                              const T* __restrict y1, const T* __restrict x2,
                              const T* __restrict y2, const T* __restrict area, int64_t priors,
                              T* __restrict best, int32_t* __restrict whose, Lanes<T>& out) {
  Lanes<T> lanes;
  for (int64_t i = 0; i < kLanes; ++i) {
    lanes.iou[i] = -1;
    lanes.block[i] = 0;
  }
  const T own = area_of(box);
  for (int64_t from = 0; from < priors; from += kLanes) {
    const auto block = static_cast<int32_t>(from);
    for (int64_t i = 0; i < kLanes; ++i) {
      const int64_t p = from + i;
      const T iou = jaccard_of(box, own, Corners<T>{x1[p], y1[p], x2[p], y2[p]}, area[p]);
      const bool better = iou > best[p];
      whose[p] = better ? truth : whose[p];
      best[p] = better ? iou : best[p];
      const bool first = iou > lanes.iou[i];
      lanes.block[i] = first ? block : lanes.block[i];
      lanes.iou[i] = first ? iou : lanes.iou[i];
    }
  }
  out = lanes;
}

SSD_VECTOR_CLONES void overlap(const Corners<float>& box, int32_t truth, const PriorLanes<float>& p,
                               float* best, int32_t* whose, Lanes<float>& out) {
  overlap_lanes(box, truth, p.x1.data(), p.y1.data(), p.x2.data(), p.y2.data(), p.area.data(),
                p.padded(), best, whose, out);
}

SSD_VECTOR_CLONES void overlap(const Corners<double>& box, int32_t truth,
                               const PriorLanes<double>& p, double* best, int32_t* whose,
                               Lanes<double>& out) {
  overlap_lanes(box, truth, p.x1.data(), p.y1.data(), p.x2.data(), p.y2.data(), p.area.data(),
                p.padded(), best, whose, out);
}

}  // namespace

template <class T>
PriorLanes<T>::PriorLanes(const T* centres, int64_t priors) {
  const auto padded = static_cast<size_t>((priors + kLanes - 1) / kLanes * kLanes);
  // The padding lies left of everything, so that its IoU is 0 and its number never the lowest.
  for (auto* row : {&x1, &y1, &x2, &y2}) row->assign(padded, -2);
  area.assign(padded, 1);
  for (int64_t p = 0; p < priors; ++p) {
    const auto i = static_cast<size_t>(p);
    const auto box = corners_of(centres + 4 * p);
    x1[i] = box.x1;
    y1[i] = box.y1;
    x2[i] = box.x2;
    y2[i] = box.y2;
    area[i] = area_of(box);
  }
}

template <class T>
Best<T> overlap_all(const Corners<T>& box, int32_t truth, const PriorLanes<T>& priors, T* best,
                    int32_t* whose) {
  Lanes<T> lanes;
  overlap(box, truth, priors, best, whose, lanes);
  Best<T> out{-1, 0};
  for (int64_t i = 0; i < kLanes; ++i) {
    const int64_t prior = lanes.block[i] + i;
    if (lanes.iou[i] < out.iou || (lanes.iou[i] == out.iou && prior >= out.prior)) continue;
    out = {lanes.iou[i], prior};
  }
  return out;
}

template <class T>
Best<T> best_free(const Corners<T>& box, const PriorLanes<T>& priors, int64_t count,
                  const std::vector<bool>& taken) {
  Best<T> out{-1, 0};
  const T own = area_of(box);
  for (int64_t p = 0; p < count; ++p) {
    const auto i = static_cast<size_t>(p);
    if (taken[i]) continue;
    const Corners<T> prior{priors.x1[i], priors.y1[i], priors.x2[i], priors.y2[i]};
    const T iou = jaccard_of(box, own, prior, priors.area[i]);
    if (iou > out.iou) out = {iou, p};
  }
  return out;
}

#define SSD_FOR(T)                                                                              \
  template struct PriorLanes<T>;                                                                \
  template Best<T> overlap_all(const Corners<T>&, int32_t, const PriorLanes<T>&, T*, int32_t*); \
  template Best<T> best_free(const Corners<T>&, const PriorLanes<T>&, int64_t,                  \
                             const std::vector<bool>&);
SSD_FOR(float)
SSD_FOR(double)
#undef SSD_FOR

}  // namespace ssd
