#include "losses/multibox.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/scatter_add.h>
#include <ATen/ops/where.h>

#include "core/check.h"

namespace ssd {

Selection select(const Output& student, const Matched& matched, const MiningOptions& options) {
  const auto& classes = matched.classes;
  check_floating(student.conf, "conf");
  check_shape(student.conf, {classes.size(0), classes.size(1), -1}, "conf");
  check_shape(student.loc, {classes.size(0), classes.size(1), 4}, "loc");
  const auto positive = classes > 0;
  const auto log_p = at::log_softmax(student.conf.detach(), -1);
  const auto ce = log_p.gather(-1, classes.unsqueeze(-1)).squeeze(-1).neg();
  const auto negative = hard_negatives(ce, positive, options);
  const auto n = positive.sum().clamp_min(1).to(log_p.scalar_type());
  return {positive, positive.logical_or(negative), log_p, n};
}

Losses multibox_loss(const Output& student, const Matched& matched, const Selection& selection) {
  const auto& [positive, rows, log_p, n] = selection;
  const auto target = matched.classes.unsqueeze(-1);
  // Masks select instead of multiplying: a row that does not count may be infinite.
  const auto ce = log_p.gather(-1, target).squeeze(-1).neg().masked_fill(rows.logical_not(), 0);
  const auto ignored = positive.logical_not().unsqueeze(-1);
  const auto difference = (student.loc.detach() - matched.loc).masked_fill(ignored, 0);
  const auto size = difference.abs();
  const auto smooth = at::where(size < 1, difference * difference * 0.5, size - 0.5);

  Losses out;
  out.conf = ce.sum() / n;
  out.loc = smooth.sum() / n;
  out.objective = out.conf + out.loc;
  out.num_positives = positive.sum();
  // d smooth-L1 = clamp(x, -1, 1); d cross-entropy = softmax - one-hot.
  out.grad_loc = difference.clamp(-1, 1) / n;
  const auto hot = at::full_like(target, -1, log_p.options());
  out.grad_conf =
      log_p.exp().scatter_add(-1, target, hot).masked_fill(rows.logical_not().unsqueeze(-1), 0) / n;
  return out;
}

}  // namespace ssd
