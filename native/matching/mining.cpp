#include "matching/mining.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/minimum.h>
#include <ATen/ops/sort.h>
#include <ATen/ops/where.h>

#include <limits>

#include "core/check.h"

namespace ssd {

at::Tensor hard_negatives(const at::Tensor& ce, const at::Tensor& positive,
                          const MiningOptions& options) {
  check_shape(positive, ce.sizes().vec(), "positives");
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

}  // namespace ssd
