#pragma once

#include "losses/multibox.h"

namespace ssd {

// The soft term: the class-weighted cross-entropy of Chen et al. (NIPS 2017), or the true KL
// divergence without weights.
enum class Soft { CrossEntropy, KullbackLeibler };

struct KdOptions {
  double temperature = 1;
  double neg_weight = 1.5;
  double pos_weight = 1;
  double margin = 0;
  Soft soft = Soft::CrossEntropy;
  double mu = 0.7;
  double nu = 0.5;
};

// MultiBoxLossKD (SPEC, section 4): the hard terms of the student, the soft term on the same rows,
// and the teacher-bounded regression on the positives. The objective is
// (1 - mu) soft + mu conf + nu l2 + loc; the gradients are its own.
Losses multibox_loss_kd(const Output& student, const Output& teacher, const Matched& matched,
                        const Selection& selection, const KdOptions& options);

}  // namespace ssd
