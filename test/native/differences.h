#pragma once

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/where.h>

#include <functional>

#include "boxes/box.h"
#include "boxes/coder.h"
#include "losses/multibox.h"
#include "reference/multibox.h"
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
// has three positives, the second none. Of every prior there is a truth, so that the offsets are
// any.
struct Problem {
  ssd::Output student{noise({2, 8, 4}, 1), noise({2, 8, 4}, 2)};
  ssd::Output teacher{noise({2, 8, 4}, 3), noise({2, 8, 4}, 4)};
  at::Tensor priors = ssd::to_centres(random_boxes(8, 6));
  // Offsets and classes that the priors are to find.
  at::Tensor loc = noise({2, 8, 4}, 5);
  at::Tensor classes = longs({2, 8}, {0, 2, 0, 1, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
  ssd::LossOptions options{.mining = {.neg_pos_ratio = 1, .negatives_for_hard = 2}};

  ssd::Targets targets() const {
    return {ssd::decode(loc, priors, options.match.variances), classes - 1};
  }
  ssd::Matched matched() const {
    const auto positive = classes > 0;
    const auto numbers = longs({1, 8}, {0, 1, 2, 3, 4, 5, 6, 7}).expand_as(classes);
    return {at::where(positive, numbers, -1).to(at::kInt), positive.sum(1).to(at::kInt),
            longs({2}, {0, 0}).to(at::kInt)};
  }
  ssd::reference::Matched expected() const { return {loc, classes, {}}; }
  ssd::reference::Selection selection() const {
    return ssd::reference::select(student, expected(), options.mining);
  }

  ssd::Losses plain() const {
    return ssd::multibox_loss(student, std::nullopt, targets(), priors, matched(), options);
  }
  ssd::Losses distilled(const ssd::KdOptions& kd) const {
    auto all = options;
    all.kd = kd;
    return ssd::multibox_loss(student, teacher, targets(), priors, matched(), all);
  }
};

// The same numbers as nested loops see them: of picture b, prior p, column c.
inline double number(const at::Tensor& tensor, int64_t b, int64_t p, int64_t c) {
  return tensor.select(0, b).select(0, p).select(0, c).item<double>();
}
