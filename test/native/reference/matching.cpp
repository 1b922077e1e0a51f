#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/full.h>
#include <ATen/ops/max.h>
#include <ATen/ops/minimum.h>
#include <ATen/ops/sort.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <limits>

#include "boxes/box.h"
#include "reference/multibox.h"

namespace ssd::reference {

namespace {

// Truth that owns each prior as its best one, [B, P], -1 where none. The last truth wins.
at::Tensor owners_last(const at::Tensor& overlaps, const at::Tensor& valid) {
  const auto best_prior = std::get<1>(overlaps.max(-1));  // [B, G]
  const auto numbers = at::arange(overlaps.size(1), best_prior.options());
  const auto truth = at::where(valid, numbers, -1);
  auto owner = at::full({overlaps.size(0), overlaps.size(2)}, -1, best_prior.options());
  owner.scatter_reduce_(1, best_prior, truth, "amax");
  return owner;
}

// The same, but no two truths share: the best pair of what is left, as often as there are truths.
at::Tensor owners_greedy(const at::Tensor& overlaps, const at::Tensor& valid) {
  const auto batch = overlaps.size(0);
  const auto truths = overlaps.size(1);
  const auto priors = overlaps.size(2);
  const auto index = valid.options().dtype(at::kLong);
  auto left = overlaps.masked_fill(valid.logical_not().unsqueeze(-1), -1);
  auto owner = at::full({batch, priors}, -1, index);
  const auto truth_numbers = at::arange(truths, index).unsqueeze(0);  // [1, G]
  const auto prior_numbers = at::arange(priors, index).unsqueeze(0);  // [1, P]
  for (int64_t round = 0; round < truths; ++round) {
    const auto [best, pair] = left.flatten(1).max(1, true);  // [B, 1]
    const auto truth = pair.floor_divide(priors);
    const auto prior = pair.remainder(priors);
    const auto real = best >= 0;
    const auto taken = (prior_numbers == prior).logical_and(real);  // [B, P]
    owner = at::where(taken, truth, owner);
    const auto done = (truth_numbers == truth).logical_and(real);  // [B, G]
    left = left.masked_fill(done.unsqueeze(-1).logical_or(taken.unsqueeze(1)), -1);
  }
  return owner;
}

// Truths that are the match of no positive prior.
at::Tensor count_unmatched(const at::Tensor& truth, const at::Tensor& positive,
                           const at::Tensor& valid) {
  auto held = at::zeros(valid.sizes(), truth.options());
  held.scatter_add_(1, truth, positive.to(at::kLong));
  return valid.logical_and(held == 0).sum();
}

}  // namespace

Matched match(const Targets& targets, const at::Tensor& priors, const MatchOptions& options) {
  const auto& [boxes, labels] = targets;
  const auto valid = labels >= 0;  // [B, G]
  // Padding is below every real overlap, so it is never the best and never positive.
  const auto overlaps =
      jaccard(boxes, to_corners(priors)).masked_fill(valid.logical_not().unsqueeze(-1), -1);
  const auto owner = options.conflict == Conflict::Last ? owners_last(overlaps, valid)
                                                        : owners_greedy(overlaps, valid);
  const auto owned = owner >= 0;  // [B, P]
  const auto [best_overlap, best_truth] = overlaps.max(1);
  const auto truth = at::where(owned, owner, best_truth);
  const auto positive = owned.logical_or(best_overlap >= options.threshold);
  const auto matched = boxes.gather(1, truth.unsqueeze(-1).expand({-1, -1, 4}));  // [B, P, 4]
  const auto classes = at::where(positive, labels.gather(1, truth) + 1, 0);
  // A picture without truths is matched with padding, whose offsets are not finite: they are never
  // read, but a zero keeps them out of every product.
  const auto loc = encode(matched, priors, options.variances)
                       .masked_fill(positive.logical_not().unsqueeze(-1), 0);
  return {loc, classes, count_unmatched(truth, positive, valid)};
}

at::Tensor hard_negatives(const at::Tensor& ce, const at::Tensor& positive,
                          const MiningOptions& options) {
  const auto priors = ce.size(1);
  const auto num_positive = positive.sum(1, true);  // [B, 1]
  const auto wanted = (num_positive * options.neg_pos_ratio).floor().to(at::kLong);
  const auto most = options.article ? num_positive * 0 + (priors - 1) : priors - num_positive;
  auto count = at::minimum(wanted, most);
  const auto for_hard = std::min(options.negatives_for_hard, priors);
  // The article asks whether the count came out as zero; for us a picture is hard when it has no
  // positive, whatever the ratio.
  count = at::where((options.article ? count : num_positive) == 0, for_hard, count);

  const double excluded = options.article ? 0.0 : -std::numeric_limits<double>::infinity();
  const auto score = ce.masked_fill(positive, excluded);
  const auto order = std::get<1>(at::sort(score, /*stable=*/true, /*dim=*/1, /*descending=*/true));
  auto place = at::empty_like(order);
  place.scatter_(1, order, at::arange(priors, order.options()).expand_as(order));
  return place < count;
}

}  // namespace ssd::reference
