#include "train/terms.h"

#include <ATen/ops/stack.h>

#include <cmath>

#include "tensors.h"

namespace ssd {
namespace {

Losses losses(double conf, double loc, int64_t positives) {
  Losses out;
  out.conf = floats({}, {conf});
  out.loc = floats({}, {loc});
  out.objective = floats({}, {conf + loc});
  out.num_positives = longs({}, {positives});
  return out;
}

Losses distilled(double soft, double l2) {
  auto out = losses(1, 2, 3);
  out.soft = floats({}, {soft});
  out.l2 = floats({}, {l2});
  return out;
}

Verdict good() {
  return {{}, floats({1}, {0}), {}};
}

TEST(losses_are_means_and_counts_are_sums) {
  const auto rows = at::stack({pack_terms(losses(1, 0.5, 7), longs({}, {1})),
                               pack_terms(losses(3, 0.25, 16000001), longs({}, {2}))});
  const auto result = unpack_step(pack_step(rows, good()), false, false, false);
  EXPECT_NEAR(2, result.conf, 0);
  EXPECT_NEAR(0.375, result.loc, 0);
  EXPECT_NEAR(2.375, result.total, 0);
  EXPECT_EQ(16000008, result.num_positives);
  EXPECT_EQ(3, result.unmatched);
  EXPECT(!result.soft && !result.l2 && !result.grad_norm && !result.scale && !result.skipped);
}

TEST(what_was_asked_for_is_told) {
  const auto rows = at::stack({pack_terms(distilled(4, 5), longs({}, {0}))});
  const Verdict verdict{floats({}, {6}), floats({1}, {1}), floats({}, {1024})};
  const auto result = unpack_step(pack_step(rows, verdict), true, true, true);
  EXPECT_NEAR(4, *result.soft, 0);
  EXPECT_NEAR(5, *result.l2, 0);
  EXPECT_NEAR(6, *result.grad_norm, 0);
  EXPECT_NEAR(1024, *result.scale, 0);
  EXPECT(result.skipped);
}

TEST(one_objective_that_is_not_finite_shows) {
  const auto finite = pack_terms(losses(1, 2, 3), longs({}, {0}));
  const auto broken = pack_terms(losses(std::nan(""), 2, 3), longs({}, {0}));
  EXPECT(objectives_are_finite(at::stack({finite, finite})).item<bool>());
  EXPECT(!objectives_are_finite(at::stack({finite, broken})).item<bool>());
}

TEST(on_the_host_numbers_are_there_at_once) {
  const auto numbers = floats({2}, {1, 2});
  const Late late(numbers);
  EXPECT(late.ready());
  EXPECT(late.get().is_same(numbers));
}

}  // namespace
}  // namespace ssd
