#include "reference/multibox.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/full.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/scatter_add.h>
#include <ATen/ops/where.h>

namespace ssd::reference {

Selection select(const Output& student, const Matched& matched, const MiningOptions& options) {
  const auto& classes = matched.classes;
  const auto positive = classes > 0;
  const auto log_p = at::log_softmax(student.conf.detach(), -1);
  const auto ce = log_p.gather(-1, classes.unsqueeze(-1)).squeeze(-1).neg();
  const auto negative = hard_negatives(ce, positive, options);
  const auto n = positive.sum().clamp_min(1).to(log_p.scalar_type());
  return {positive, positive.logical_or(negative), log_p, n};
}

namespace {

// A scalar term and its gradient.
struct Term {
  at::Tensor value;
  at::Tensor grad;
};

Term soft_term(const at::Tensor& student, const at::Tensor& teacher, const Selection& selection,
               const KdOptions& options) {
  const double t = options.temperature;
  const auto log_q = at::log_softmax(student / t, -1);
  const auto log_p = at::log_softmax(teacher / t, -1);
  const auto p = log_p.exp();
  const auto ignored = selection.rows.logical_not().unsqueeze(-1);
  if (options.soft == Soft::KullbackLeibler) {
    const auto divergence = (p * (log_p - log_q)).masked_fill(ignored, 0);
    const auto grad = (log_q.exp() - p).masked_fill(ignored, 0);
    return {divergence.sum() * (t * t) / selection.n, grad * t / selection.n};
  }
  auto weight = at::full({student.size(-1)}, options.pos_weight, student.options());
  weight.narrow(0, 0, 1).fill_(options.neg_weight);
  const auto weighted = p * weight;  // the weight belongs to the class column
  const auto value = (weighted * log_q).masked_fill(ignored, 0).sum() * (-t * t) / selection.n;
  // d/ds of -sum_c w_c p_c log q_c = (sum_c w_c p_c) q - w p, over T.
  const auto grad =
      (weighted.sum(-1, true) * log_q.exp() - weighted).masked_fill(ignored, 0) * t / selection.n;
  return {value, grad};
}

// A positive contributes the whole of its squared error when it is worse than its teacher's.
Term bounded_term(const at::Tensor& student, const at::Tensor& teacher, const Matched& matched,
                  const Selection& selection, double margin) {
  const auto difference = student - matched.loc;
  const auto own = difference.square().sum(-1);
  const auto bound = (teacher - matched.loc).square().sum(-1);
  const auto counts = selection.positive.logical_and(own + margin > bound);
  const auto ignored = counts.logical_not();
  return {own.masked_fill(ignored, 0).sum() / selection.n,
          (difference * 2).masked_fill(ignored.unsqueeze(-1), 0) / selection.n};
}

Losses hard_loss(const Output& student, const Matched& matched, const Selection& selection) {
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

}  // namespace

Losses multibox_loss(const Output& student, const std::optional<Output>& taught,
                     const Matched& matched, const LossOptions& all) {
  const auto selection = select(student, matched, all.mining);
  Losses out = hard_loss(student, matched, selection);
  if (!taught) return out;
  const auto& teacher = *taught;
  const auto& options = all.kd;
  const auto soft = soft_term(student.conf.detach(), teacher.conf.detach(), selection, options);
  const auto l2 =
      bounded_term(student.loc.detach(), teacher.loc.detach(), matched, selection, options.margin);
  out.soft = soft.value;
  out.l2 = l2.value;
  // A weight of zero leaves a term out altogether, so that distillation with weights zero is plain
  // training to the bit, and a teacher's infinity cannot leak in as 0 * inf.
  out.objective = out.conf * options.mu + out.loc;
  out.grad_conf = out.grad_conf * options.mu;
  if (options.mu < 1) {
    out.objective = out.objective + soft.value * (1 - options.mu);
    out.grad_conf = out.grad_conf + soft.grad * (1 - options.mu);
  }
  if (options.nu > 0) {
    out.objective = out.objective + l2.value * options.nu;
    out.grad_loc = out.grad_loc + l2.grad * options.nu;
  }
  return out;
}

}  // namespace ssd::reference
