#pragma once

#include "losses/multibox.h"

// The losses as compositions of ATen's operations, picture by picture or all at once, in any
// floating type and on any device: what the kernels are held to. No kernel calls them.
namespace ssd::reference {

// Offsets, classes (int64) and the number of truths without a prior, as SPEC's section 2 has them.
struct Matched {
  at::Tensor loc, classes, unmatched;
};
Matched match(const Targets& targets, const at::Tensor& priors, const MatchOptions& options);

// ce [B, P], positive [B, P] bool -> [B, P] bool.
at::Tensor hard_negatives(const at::Tensor& ce, const at::Tensor& positive,
                          const MiningOptions& options);

// Which rows count, and what their student says.
struct Selection {
  at::Tensor positive;  // [B, P] bool
  at::Tensor rows;      // [B, P] bool: positives and mined negatives
  at::Tensor log_p;     // [B, P, C] log-softmax of the logits
  at::Tensor n;         // [] the number of positives of the batch, at least 1, floating
};
Selection select(const Output& student, const Matched& matched, const MiningOptions& options);

Losses multibox_loss(const Output& student, const std::optional<Output>& teacher,
                     const Matched& matched, const LossOptions& options);

}  // namespace ssd::reference
