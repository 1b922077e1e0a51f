#pragma once

#include <ATen/core/Tensor.h>

#include "matching/matcher.h"
#include "matching/mining.h"

namespace ssd {

// Raw outputs of a detector: loc [B, P, 4] offsets, conf [B, P, C] logits, class 0 background.
struct Output {
  at::Tensor loc;
  at::Tensor conf;
};

// Which rows count, and what their student says; shared by the hard and the soft terms.
struct Selection {
  at::Tensor positive;  // [B, P] bool
  at::Tensor rows;      // [B, P] bool: positives and mined negatives
  at::Tensor log_p;     // [B, P, C] log-softmax of the logits
  at::Tensor n;         // [] the number of positives of the batch, at least 1, floating
};

Selection select(const Output& student, const Matched& matched, const MiningOptions& options);

// Terms (scalars, divided by N) and the gradients of their objective. Terms that a loss does not
// have are undefined.
struct Losses {
  at::Tensor conf, loc, soft, l2;
  at::Tensor objective;
  at::Tensor num_positives;  // [] int64
  at::Tensor grad_loc;       // [B, P, 4]
  at::Tensor grad_conf;      // [B, P, C]
};

// MultiBoxLoss (SPEC, section 3; SSD, section 2.2): smooth-L1 of the positives' offsets plus the
// cross-entropy of positives and mined negatives. Closed-form gradients, no graph, no host
// transfer.
Losses multibox_loss(const Output& student, const Matched& matched, const Selection& selection);

}  // namespace ssd
