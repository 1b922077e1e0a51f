#include "matching/matcher.h"

#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/library.h>

#include <tuple>

#include "core/check.h"

namespace ssd {

namespace {

using Match = std::tuple<at::Tensor, at::Tensor, at::Tensor>(const at::Tensor&, const at::Tensor&,
                                                             const at::Tensor&, double, bool);
using Encode = std::tuple<at::Tensor, at::Tensor>(const at::Tensor&, const at::Tensor&,
                                                  const at::Tensor&, const at::Tensor&, double,
                                                  double);

void check(const Targets& targets, const at::Tensor& priors) {
  const auto& [boxes, labels] = targets;
  check_floating(priors, "priors");
  check_shape(boxes, {-1, -1, 4}, "truths");
  check_shape(labels, {boxes.size(0), boxes.size(1)}, "labels");
  check_shape(priors, {-1, 4}, "priors");
  check_same_device(boxes, priors, "truths and priors");
  check_same_device(boxes, labels, "truths and labels");
  check_same_type(boxes, priors, "truths and priors");
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(ssd_distill, m) {
  m.def(
      "match(Tensor boxes, Tensor labels, Tensor priors, float threshold, bool greedy) -> "
      "(Tensor truth, Tensor positives, Tensor unmatched)");
  m.def(
      "encode_matched(Tensor truth, Tensor boxes, Tensor labels, Tensor priors, float v0, float "
      "v1) -> (Tensor loc, Tensor classes)");
}

Matched match(const Targets& targets, const at::Tensor& priors, const MatchOptions& options) {
  static const auto op =
      c10::Dispatcher::singleton().findSchemaOrThrow("ssd_distill::match", "").typed<Match>();
  check(targets, priors);
  auto [truth, positives, unmatched] =
      op.call(targets.boxes.contiguous(), targets.labels.contiguous(), priors.contiguous(),
              options.threshold, options.conflict == Conflict::Greedy);
  return {truth, positives, unmatched};
}

Encoded encode_matched(const at::Tensor& truth, const Targets& targets, const at::Tensor& priors,
                       const Variances& variances) {
  static const auto op = c10::Dispatcher::singleton()
                             .findSchemaOrThrow("ssd_distill::encode_matched", "")
                             .typed<Encode>();
  check(targets, priors);
  check_shape(truth, {targets.boxes.size(0), priors.size(0)}, "matched truths");
  auto [loc, classes] =
      op.call(truth.contiguous(), targets.boxes.contiguous(), targets.labels.contiguous(),
              priors.contiguous(), variances[0], variances[1]);
  return {loc, classes};
}

}  // namespace ssd
