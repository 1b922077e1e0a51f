#pragma once

#include <ATen/core/Tensor.h>

#include <functional>

#include "losses/multibox.h"
#include "tensors.h"

// d f / d x by central differences; x in double and contiguous, its numbers changed on the way.
inline at::Tensor numeric_gradient(const at::Tensor& x, const std::function<double()>& f) {
  constexpr double kStep = 1e-6;
  std::vector<double> out;
  auto* const data = x.data_ptr<double>();
  for (int64_t i = 0; i < x.numel(); ++i) {
    const double before = data[i];
    data[i] = before + kStep;
    const double above = f();
    data[i] = before - kStep;
    const double below = f();
    data[i] = before;
    out.push_back((above - below) / (2 * kStep));
  }
  return doubles(x.sizes(), out);
}

// A loss to compute: two pictures of eight priors and four classes, in double. The first picture
// has three positives, the second none.
struct Problem {
  ssd::Output student{noise({2, 8, 4}, 1), noise({2, 8, 4}, 2)};
  ssd::Output teacher{noise({2, 8, 4}, 3), noise({2, 8, 4}, 4)};
  ssd::Matched matched{noise({2, 8, 4}, 5),
                       longs({2, 8}, {0, 2, 0, 1, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}),
                       longs({}, {0})};
  ssd::MiningOptions mining{.neg_pos_ratio = 1, .negatives_for_hard = 2};

  ssd::Selection selection() const { return ssd::select(student, matched, mining); }
};

// The same numbers as nested loops see them: of picture b, prior p, column c.
inline double number(const at::Tensor& tensor, int64_t b, int64_t p, int64_t c) {
  return tensor.select(0, b).select(0, p).select(0, c).item<double>();
}
