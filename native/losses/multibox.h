#pragma once

#include <ATen/core/Tensor.h>

#include <optional>

#include "losses/options.h"
#include "matching/matcher.h"

namespace ssd {

// Raw outputs of a detector: loc [B, P, 4] offsets, conf [B, P, C] logits, class 0 background. Of
// one type: float, double, bfloat16 or half.
struct Output {
  at::Tensor loc;
  at::Tensor conf;
};

// Terms (scalars, divided by N) and the gradients of their objective. Terms that a loss does not
// have are undefined.
struct Losses {
  at::Tensor conf, loc, soft, l2;
  at::Tensor objective;
  at::Tensor num_positives;  // [] int32
  at::Tensor grad_loc;       // [B, P, 4], of the outputs' type
  at::Tensor grad_conf;      // [B, P, C]
};

// MultiBoxLoss (SPEC, section 3; SSD, section 2.2): smooth-L1 of the positives' offsets plus the
// cross-entropy of positives and mined negatives. With a teacher it is MultiBoxLossKD (section 4):
// besides, the soft term on the same rows and the teacher-bounded regression on the positives, and
// the objective is (1 - mu) soft + mu conf + nu l2 + loc. Closed-form gradients in the same pass,
// no graph, no host transfer.
Losses multibox_loss(const Output& student, const std::optional<Output>& teacher,
                     const Targets& targets, const at::Tensor& priors, const Matched& matched,
                     const LossOptions& options);

}  // namespace ssd
