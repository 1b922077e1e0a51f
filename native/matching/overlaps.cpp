#include "matching/overlaps.h"

#include <algorithm>
#include <limits>

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
SSD_INLINE bool reaches(const Corners<T>& box, const Corners<T>& hull) {
  return box.x1 < hull.x2 && box.x2 > hull.x1 && box.y1 < hull.y2 && box.y2 > hull.y1;
}

template <class T>
SSD_INLINE void overlap_lanes(const Corners<T>& box, int32_t truth, const PriorLanes<T>& priors,
                              T* __restrict best, int32_t* __restrict whose, Lanes<T>& out) {
  const T *const x1 = priors.x1.data(), *const y1 = priors.y1.data(), *const x2 = priors.x2.data(),
                 *const y2 = priors.y2.data(), *const area = priors.area.data();
  const T own = area_of(box);
  Lanes<T> lanes;
  for (int64_t i = 0; i < kLanes; ++i) {
    // A box that is no box has no best prior.
    lanes.iou[i] = own == own ? T(0) : T(-1);
    lanes.block[i] = 0;
  }
  const int64_t blocks = priors.padded() / kLanes;
  for (int64_t b = 0; b < blocks; ++b) {
    if (!reaches(box, priors.hulls[static_cast<size_t>(b)])) continue;
    const auto block = static_cast<int32_t>(b * kLanes);
    for (int64_t i = 0; i < kLanes; ++i) {
      const int64_t p = block + i;
      const T iou = jaccard_of(box, own, Corners<T>{x1[p], y1[p], x2[p], y2[p]}, area[p]);
      const bool better = iou > best[p];
      // Without a choice: the compiler would make it a masked store, which some processors take
      // long over.
      whose[p] ^= (whose[p] ^ truth) & -static_cast<int32_t>(better);
      best[p] = better ? iou : best[p];
      const bool first = iou > lanes.iou[i];
      lanes.block[i] = first ? block : lanes.block[i];
      lanes.iou[i] = first ? iou : lanes.iou[i];
    }
  }
  out = lanes;
}

template <class T>
SSD_INLINE int64_t choose_all(const T* __restrict best, const int32_t* __restrict whose, T least,
                              int64_t count, int32_t* __restrict truth) {
  int32_t found = 0;
  for (int64_t p = 0; p < count; ++p) {
    const int32_t chosen = best[p] >= least ? whose[p] : -1;
    truth[p] = chosen;
    found += chosen >= 0 ? 1 : 0;
  }
  return found;
}

// A template's instance takes no clones: the functions are written out, for both types.
#define SSD_OVERLAP(T)                                                                 \
  SSD_VECTOR_CLONES void overlap(const Corners<T>& box, int32_t truth,                 \
                                 const PriorLanes<T>& priors, T* best, int32_t* whose, \
                                 Lanes<T>& out) {                                      \
    overlap_lanes(box, truth, priors, best, whose, out);                               \
  }
SSD_OVERLAP(float)
SSD_OVERLAP(double)
#undef SSD_OVERLAP

}  // namespace

template <class T>
PriorLanes<T>::PriorLanes(const T* centres, int64_t priors) {
  const auto padded = static_cast<size_t>((priors + kLanes - 1) / kLanes * kLanes);
  // The padding lies left of everything, so that its IoU is 0 and its number never the lowest.
  for (auto* row : {&x1, &y1, &x2, &y2}) row->assign(padded, -2);
  area.assign(padded, 1);
  constexpr T kFar = std::numeric_limits<T>::infinity();
  hulls.assign(padded / kLanes, {kFar, kFar, -kFar, -kFar});
  for (int64_t p = 0; p < priors; ++p) {
    const auto i = static_cast<size_t>(p);
    const auto box = corners_of(centres + 4 * p);
    auto& hull = hulls[i / kLanes];
    hull = {std::min(hull.x1, box.x1), std::min(hull.y1, box.y1), std::max(hull.x2, box.x2),
            std::max(hull.y2, box.y2)};
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
  Best<T> out{-1, 0};
  if (priors.padded() == 0) return out;
  overlap(box, truth, priors, best, whose, lanes);
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

#define SSD_CHOOSE(T)                                                                           \
  SSD_VECTOR_CLONES int64_t choose(const T* best, const int32_t* whose, T least, int64_t count, \
                                   int32_t* truth) {                                            \
    return choose_all(best, whose, least, count, truth);                                        \
  }
SSD_CHOOSE(float)
SSD_CHOOSE(double)
#undef SSD_CHOOSE

#define SSD_FOR(T)                                                                              \
  template struct PriorLanes<T>;                                                                \
  template Best<T> overlap_all(const Corners<T>&, int32_t, const PriorLanes<T>&, T*, int32_t*); \
  template Best<T> best_free(const Corners<T>&, const PriorLanes<T>&, int64_t,                  \
                             const std::vector<bool>&);
SSD_FOR(float)
SSD_FOR(double)
#undef SSD_FOR

}  // namespace ssd
