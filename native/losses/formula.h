#pragma once

#include "boxes/box_math.h"
#include "losses/options.h"

namespace ssd {

// What the losses of CPU and CUDA share. Sums before N divides them.
struct Sums {
  double conf, loc, soft, l2;

  SSD_HOST_DEVICE void add(const Sums& other) {
    conf += other.conf;
    loc += other.loc;
    soft += other.soft;
    l2 += other.l2;
  }
};

// A weight of zero leaves a term out altogether, so that distillation with weights zero is plain
// training to the bit, and a teacher's infinity cannot leak in as 0 * inf.
SSD_HOST_DEVICE inline double objective_of(const Sums& all, const KdOptions& kd, bool teaches) {
  double objective = (teaches ? kd.mu : 1.0) * all.conf + all.loc;
  if (teaches && kd.mu < 1) objective += (1 - kd.mu) * all.soft;
  if (teaches && kd.nu > 0) objective += kd.nu * all.l2;
  return objective;
}

// A positive's smooth-L1, and the teacher-bounded regression: it contributes the whole of its
// squared error when it is worse than its teacher's (null without one). Four offsets each.
template <class T, class A>
SSD_HOST_DEVICE inline void offset_terms(const T* student, const T* teacher, const A* truth,
                                         const A* prior, const LossSettings& s, A over_n,
                                         Sums& sums, T* grad) {
  A target[4], difference[4], own = 0, bound = 0;
  encode_of(truth, prior, static_cast<A>(s.v0), static_cast<A>(s.v1), target);
  for (int k = 0; k < 4; ++k) {
    const A d = difference[k] = static_cast<A>(student[k]) - target[k];
    const A size = std::abs(d);
    sums.loc += static_cast<double>(size < 1 ? d * d / 2 : size - A(0.5));
    own += d * d;
    if (teacher == nullptr) continue;
    const A taught = static_cast<A>(teacher[k]) - target[k];
    bound += taught * taught;
  }
  const bool worse = teacher != nullptr && own + static_cast<A>(s.kd.margin) > bound;
  if (worse) sums.l2 += static_cast<double>(own);
  const A nu = worse && s.kd.nu > 0 ? static_cast<A>(s.kd.nu) : A(0);
  for (int k = 0; k < 4; ++k) {
    const A d = difference[k];
    const A slope = d < -1 ? A(-1) : d > 1 ? A(1) : d;
    grad[k] = static_cast<T>((slope + 2 * nu * d) * over_n);
  }
}

}  // namespace ssd
