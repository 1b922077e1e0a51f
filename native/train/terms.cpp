#include "train/terms.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros.h>
#include <c10/core/Event.h>
#include <c10/core/impl/VirtualGuardImpl.h>

namespace ssd {

namespace {

enum Term : int64_t { kTotal, kConf, kLoc, kSoft, kL2, kPositives, kUnmatched, kTerms };
enum Tail : int64_t { kNorm, kFound, kScale, kTail };

}  // namespace

at::Tensor pack_terms(const Losses& losses, const at::Tensor& unmatched) {
  const auto& absent = losses.objective;  // any number; nobody reads it
  std::vector<at::Tensor> terms{losses.objective,
                                losses.conf,
                                losses.loc,
                                losses.soft.defined() ? losses.soft : absent,
                                losses.l2.defined() ? losses.l2 : absent,
                                losses.num_positives,
                                unmatched};
  for (auto& term : terms) term = term.detach().to(at::kFloat);
  return at::stack(terms);
}

at::Tensor objectives_are_finite(const at::Tensor& rows) {
  return at::isfinite(rows.select(1, kTotal)).all();
}

at::Tensor pack_step(const at::Tensor& rows, const Verdict& verdict) {
  const auto nothing = at::zeros({1}, rows.options());
  const auto one = [&](const at::Tensor& number) {
    return number.defined() ? number.reshape({1}) : nothing;
  };
  return at::cat({rows.flatten(), one(verdict.norm), one(verdict.found), one(verdict.scale)});
}

StepResult unpack_step(const at::Tensor& packed, bool distilled, bool clipped, bool scaled) {
  const auto* const numbers = packed.const_data_ptr<float>();
  const auto batches = (packed.numel() - kTail) / kTerms;
  const auto sum = [&](Term term) {
    double out = 0;
    for (int64_t i = 0; i < batches; ++i) out += numbers[i * kTerms + term];
    return out;
  };
  const auto mean = [&](Term term) { return sum(term) / static_cast<double>(batches); };
  const auto* const tail = numbers + batches * kTerms;
  StepResult out;
  out.total = mean(kTotal);
  out.conf = mean(kConf);
  out.loc = mean(kLoc);
  if (distilled) {
    out.soft = mean(kSoft);
    out.l2 = mean(kL2);
  }
  out.num_positives = static_cast<int64_t>(sum(kPositives));
  out.unmatched = static_cast<int64_t>(sum(kUnmatched));
  if (clipped) out.grad_norm = tail[kNorm];
  if (scaled) out.scale = tail[kScale];
  out.skipped = tail[kFound] != 0;
  return out;
}

Late::Late(const at::Tensor& numbers) : host_(numbers) {
  if (numbers.is_cpu()) return;
  host_ = at::empty(numbers.sizes(), at::TensorOptions(numbers.scalar_type()).pinned_memory(true));
  host_.copy_(numbers, /*non_blocking=*/true);
  const auto device = numbers.device();
  event_ = std::make_shared<c10::Event>(device.type());
  event_->record(c10::impl::VirtualGuardImpl(device.type()).getStream(device));
}

at::Tensor Late::get() const {
  if (event_) event_->synchronize();
  return host_;
}

}  // namespace ssd
