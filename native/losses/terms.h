#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "losses/formula.h"
#include "losses/rows.h"

namespace ssd {

// A picture as plain memory: T what the detector computes in, A what the loss does.
template <class T, class A>
struct Picture {
  const T *loc, *conf;                  // [P, 4], [P, C]
  const T *teacher_loc, *teacher_conf;  // null without a teacher
  const int32_t* truth;                 // [P]
  const A* boxes;                       // [G, 4]
  const int64_t* labels;                // [G]
  const A* priors;                      // [P, 4]
  int64_t count, classes, positives;
  T *grad_loc, *grad_conf;

  // The class that a prior is to find.
  int64_t target(int64_t p) const { return truth[p] < 0 ? 0 : labels[truth[p]] + 1; }
};

// Memory of a thread, for one picture after the other.
template <class A>
struct Scratch {
  std::vector<A> logits, ce, row, teacher, p, teacher_p, grad;
  std::vector<uint32_t> keys;
};

// What a row that counts adds to the terms, and its gradients. N divides every gradient.
template <class A>
class Terms {
 public:
  Terms(const LossSettings& settings, int64_t classes, double n)
      : s_(settings), classes_(classes), over_n_(static_cast<A>(1 / n)) {}

  // The hard and the soft term of a row that counts.
  template <class T>
  void row(const Picture<T, A>& picture, int64_t p, Scratch<A>& s, Sums& sums) const {
    const auto classes = static_cast<size_t>(classes_);
    for (auto* each : {&s.row, &s.teacher, &s.p, &s.teacher_p, &s.grad}) each->resize(classes);
    std::copy_n(picture.conf + p * classes_, classes, s.row.begin());
    const int64_t target = picture.target(p);
    const auto norm = softmax(s.row.data(), classes_, A(1), s.p.data());
    sums.conf -= static_cast<double>(norm.log_p(s.row[static_cast<size_t>(target)]));
    const A weight = (picture.teacher_conf ? static_cast<A>(s_.kd.mu) : A(1)) * over_n_;
    // d cross-entropy = softmax - one-hot.
    for (size_t c = 0; c < classes; ++c) s.grad[c] = s.p[c] * weight;
    s.grad[static_cast<size_t>(target)] -= weight;
    if (picture.teacher_conf) soft(picture.teacher_conf + p * classes_, norm, s, sums);
    std::copy_n(s.grad.begin(), classes, picture.grad_conf + p * classes_);
  }

  template <class T>
  void offsets(const Picture<T, A>& picture, int64_t p, Sums& sums) const {
    const T* const taught = picture.teacher_loc ? picture.teacher_loc + 4 * p : nullptr;
    offset_terms(picture.loc + 4 * p, taught, picture.boxes + 4 * picture.truth[p],
                 picture.priors + 4 * p, s_, over_n_, sums, picture.grad_loc + 4 * p);
  }

 private:
  template <class T>
  void soft(const T* teacher, Normaliser<A> own, Scratch<A>& s, Sums& sums) const {
    const auto classes = static_cast<size_t>(classes_);
    const auto& o = s_.kd;
    const auto t = static_cast<A>(o.temperature), scale = 1 / t;
    if (t != 1) own = softmax(s.row.data(), classes_, scale, s.p.data());
    const std::vector<A>& q = s.p;
    std::vector<A>& w = s.teacher_p;
    std::copy_n(teacher, classes, s.teacher.begin());
    const auto taught = softmax(s.teacher.data(), classes_, scale, w.data());
    const bool kl = o.soft == Soft::KullbackLeibler;
    A value = 0, whole = 0;
    for (size_t c = 0; c < classes; ++c) {
      const A log_q = own.log_p(s.row[c] * scale);
      // The weight belongs to the class column.
      if (!kl) w[c] *= static_cast<A>(c == 0 ? o.neg_weight : o.pos_weight);
      const A log_p = taught.log_p(s.teacher[c] * scale);
      value += w[c] * (kl ? log_p - log_q : -log_q);
      whole += w[c];
    }
    sums.soft += static_cast<double>(value * t * t);
    if (!(o.mu < 1)) return;
    if (kl) whole = 1;
    const A weight = static_cast<A>(1 - o.mu) * t * over_n_;
    // d/ds of -sum_c w_c p_c log q_c = (sum_c w_c p_c) q - w p, over T.
    for (size_t c = 0; c < classes; ++c) s.grad[c] += (whole * q[c] - w[c]) * weight;
  }

  const LossSettings& s_;
  int64_t classes_;
  A over_n_;
};

}  // namespace ssd
