#include <ATen/Context.h>
#include <ATen/TensorOperators.h>

#include <cmath>

#include "boxes/priors.h"
#include "check.h"
#include "fixtures.h"
#include "losses/multibox.h"
#include "reference/multibox.h"
#include "tensors.h"

// Random scenes on a real grid: kernels beside compositions of ATen's operations in double.
namespace ssd {
namespace {

struct Scene {
  at::Tensor priors = prior_boxes(ssd300_grid());
  Targets targets;
  Output student, teacher;
};

Scene scene(int64_t classes, uint64_t seed) {
  Scene out;
  constexpr int64_t kPictures = 3, kTruths = 9;
  const int64_t priors = out.priors.size(0);
  std::vector<int64_t> labels(kPictures * kTruths, -1);
  // The last picture has no truth.
  for (int64_t i = 0; i < 2 * kTruths - 4; ++i) labels[static_cast<size_t>(i)] = i % (classes - 1);
  out.targets = {random_boxes(kPictures * kTruths, seed).to(at::kFloat).reshape({kPictures, -1, 4}),
                 longs({kPictures, kTruths}, labels)};
  const auto outputs = [&](uint64_t number) {
    return Output{noise({kPictures, priors, 4}, number).to(at::kFloat),
                  (noise({kPictures, priors, classes}, number + 1) * 3).to(at::kFloat)};
  };
  out.student = outputs(seed + 10);
  out.teacher = outputs(seed + 20);
  return out;
}

Output in(const Output& output, at::ScalarType type) {
  return {output.loc.to(type), output.conf.to(type)};
}

void compare(const Scene& scene, const LossOptions& options, bool teaches, at::ScalarType type,
             double tolerance) {
  const auto student = in(scene.student, type), teacher = in(scene.teacher, type);
  const auto optional = [&](const Output& output) {
    return teaches ? std::optional<Output>(output) : std::nullopt;
  };
  const auto matched = match(scene.targets, scene.priors, options.match);
  const auto got =
      multibox_loss(student, optional(teacher), scene.targets, scene.priors, matched, options);
  // The same priors are positive in both: an overlap at the threshold may round to either side.
  const Targets exact{scene.targets.boxes.to(at::kDouble), scene.targets.labels};
  const auto encoded =
      encode_matched(matched.truth, exact, scene.priors.to(at::kDouble), options.match.variances);
  const auto expected = reference::multibox_loss(
      in(student, at::kDouble), optional(in(teacher, at::kDouble)),
      {encoded.loc, encoded.classes.to(at::kLong), matched.unmatched}, options);
  for (const auto& [want, have] : {std::pair(expected.conf, got.conf),
                                   {expected.loc, got.loc},
                                   {expected.soft, got.soft},
                                   {expected.l2, got.l2},
                                   {expected.objective, got.objective}}) {
    EXPECT_EQ(want.defined(), have.defined());
    if (want.defined()) EXPECT_NEAR(want, have, tolerance * want.abs().item<double>());
  }
  EXPECT_EQ(expected.num_positives.item<int64_t>(), got.num_positives.item<int64_t>());
  EXPECT(got.grad_conf.scalar_type() == type && got.grad_loc.scalar_type() == type);
  const auto scale = expected.grad_conf.abs().max().item<double>();
  EXPECT_NEAR(expected.grad_conf, got.grad_conf.to(at::kDouble), tolerance * scale);
  // Truths are encoded in single precision, to offsets of up to twenty.
  EXPECT_NEAR(expected.grad_loc, got.grad_loc.to(at::kDouble),
              4 * tolerance * expected.grad_loc.abs().max().item<double>());
}

TEST(single_precision_is_within_a_millionth) {
  // Numbers of classes beside the vectors' widths, and more than a tile has.
  for (const int64_t classes : {2, 7, 21, 91}) {
    compare(scene(classes, 1), {}, false, at::kFloat, 1e-6);
    compare(scene(classes, 2), {}, true, at::kFloat, 1e-6);
  }
}

TEST(every_option_has_its_say) {
  const auto one = scene(21, 3);
  compare(one, {.kd = {.temperature = 2.5, .neg_weight = 0.9, .margin = 2}}, true, at::kFloat,
          2e-6);
  compare(one, {.kd = {.soft = Soft::KullbackLeibler}}, true, at::kFloat, 2e-6);
  compare(one, {.kd = {.mu = 1, .nu = 0}}, true, at::kFloat, 2e-6);
  compare(one, {.mining = {.neg_pos_ratio = 1.5, .article = true}}, false, at::kFloat, 2e-6);
  compare(one, {.match = {.conflict = Conflict::Greedy}, .mining = {.negatives_for_hard = 9000}},
          false, at::kFloat, 2e-6);
}

TEST(double_precision_is_exact_and_halves_are_within_their_rounding) {
  compare(scene(21, 4), {}, true, at::kDouble, 1e-7);  // truths and priors are floats
  compare(scene(21, 5), {}, true, at::kBFloat16, 1.0 / 256);
  compare(scene(21, 6), {}, true, at::kHalf, 1.0 / 2048);
}

TEST(a_gpu_says_the_same) {
  SKIP_UNLESS(at::hasCUDA());
  const auto one = scene(21, 7);
  const auto there = [](const at::Tensor& tensor) { return tensor.to(at::kCUDA); };
  const Targets targets{there(one.targets.boxes), there(one.targets.labels)};
  const Output student{there(one.student.loc), there(one.student.conf)};
  const Output teacher{there(one.teacher.loc), there(one.teacher.conf)};
  for (const auto conflict : {Conflict::Last, Conflict::Greedy}) {
    const LossOptions options{.match = {.conflict = conflict}};
    const auto own = match(one.targets, one.priors, options.match);
    const auto far = match(targets, there(one.priors), options.match);
    EXPECT(same_bits(own.truth, far.truth.cpu()));
    EXPECT(same_bits(own.positives, far.positives.cpu()));
    EXPECT(same_bits(own.unmatched, far.unmatched.cpu()));
    const auto expected =
        multibox_loss(one.student, one.teacher, one.targets, one.priors, own, options);
    const auto got = multibox_loss(student, teacher, targets, there(one.priors), far, options);
    for (const auto& [want, have] : {std::pair(expected.conf, got.conf),
                                     {expected.loc, got.loc},
                                     {expected.soft, got.soft},
                                     {expected.l2, got.l2},
                                     {expected.objective, got.objective}}) {
      EXPECT_NEAR(want, have.cpu(), 1e-6 * want.abs().item<double>());
    }
    EXPECT_NEAR(expected.grad_conf, got.grad_conf.cpu(), 1e-6);
    EXPECT_NEAR(expected.grad_loc, got.grad_loc.cpu(), 1e-6);
  }
}

}  // namespace
}  // namespace ssd
