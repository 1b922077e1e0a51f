#pragma once

#include <cstdint>
#include <vector>

#include "boxes/box_math.h"

namespace ssd {

constexpr int64_t kLanes = 16;

// Priors as vector code reads them: each coordinate in a row of its own, padded to kLanes with
// boxes nobody overlaps. A hull holds kLanes priors, which lie next to each other on a grid: where
// a truth does not reach it, their IoU is 0.
template <class T>
struct PriorLanes {
  std::vector<T> x1, y1, x2, y2, area;
  std::vector<Corners<T>> hulls;

  // centres [P, 4]
  PriorLanes(const T* centres, int64_t priors);
  int64_t padded() const { return static_cast<int64_t>(area.size()); }
};

// A truth and the prior it overlaps most.
template <class T>
struct Best {
  T iou;
  int64_t prior;  // the lowest of equals
};

// IoU of one truth with every prior. Where it is over what a prior has had so far it becomes its
// best, number `truth`. `best` and `whose` are as long as the lanes and begin with 0 and the first
// truth. Returns the truth's own best prior.
template <class T>
Best<T> overlap_all(const Corners<T>& box, int32_t truth, const PriorLanes<T>& priors, T* best,
                    int32_t* whose);

// The truth's best among the priors that are not `taken`; an IoU of -1 when there is none.
template <class T>
Best<T> best_free(const Corners<T>& box, const PriorLanes<T>& priors, int64_t count,
                  const std::vector<bool>& taken);

// The truth of each of `count` priors, -1 where its best IoU is under `least`. Returns how many
// have one.
int64_t choose(const float* best, const int32_t* whose, float least, int64_t count, int32_t* truth);
int64_t choose(const double* best, const int32_t* whose, double least, int64_t count,
               int32_t* truth);

}  // namespace ssd
