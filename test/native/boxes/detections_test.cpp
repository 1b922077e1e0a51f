#include "boxes/detections.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/zeros.h>

#include <cmath>
#include <limits>

#include "boxes/box.h"
#include "boxes/detect.h"
#include "core/error.h"
#include "reference/detections.h"
#include "tensors.h"

namespace ssd {
namespace {

using Labels = std::vector<int32_t>;

// Three priors apart from each other; the last reaches over the picture's edge.
at::Tensor priors() {
  return floats({3, 4}, {0.2, 0.2, 0.2, 0.2, 0.6, 0.6, 0.2, 0.2, 0.95, 0.05, 0.3, 0.3});
}

at::Tensor no_offsets(int64_t batch = 1) {
  return at::zeros({batch, 3, 4});
}

// Logits whose softmax is the given probabilities.
at::Tensor logits(at::IntArrayRef shape, const std::vector<double>& probabilities) {
  return floats(shape, probabilities).log();
}

Detections one(const at::Tensor& conf, const DetectOptions& options = {}) {
  return detections(no_offsets(), conf, priors(), options).at(0);
}

TEST(finds_labels_scores_and_boxes_best_first) {
  const auto found =
      one(logits({1, 3, 3}, {0.3, 0.6, 0.1, 0.05, 0.05, 0.9, 0.9, 0.02, 0.08}), {.min_score = 0.2});
  EXPECT_EQ((Labels{1, 0}), found.labels);
  EXPECT_NEAR((std::vector<double>{0.9, 0.6}), found.scores, 1e-6);
  EXPECT_NEAR((std::vector<double>{0.5, 0.5, 0.7, 0.7, 0.1, 0.1, 0.3, 0.3}), found.boxes, 1e-6);
}

TEST(offsets_move_the_priors) {
  auto loc = no_offsets();
  loc.select(1, 0).copy_(floats({1, 4}, {1, 0, 0, std::log(2) / 0.2}));
  const auto conf = logits({1, 3, 2}, {0.1, 0.9, 0.999, 0.001, 0.999, 0.001});
  const auto found = detections(loc, conf, priors(), {.min_score = 0.5}).at(0);
  EXPECT_NEAR((std::vector<double>{0.12, 0, 0.32, 0.4}), found.boxes, 1e-6);
}

TEST(a_coder_clip_bounds_the_boxes) {
  auto loc = no_offsets();
  loc.select(1, 0).copy_(floats({1, 4}, {0, 0, 100, 100}));
  const auto conf = logits({1, 3, 2}, {0.1, 0.9, 0.999, 0.001, 0.999, 0.001});
  const auto box = [&](std::optional<double> clip) {
    return detections(loc, conf, priors(), {.min_score = 0.5, .coder_clip = clip}).at(0).boxes;
  };
  EXPECT_NEAR((std::vector<double>{0, 0, 1, 1}), box({}), 1e-6);
  EXPECT_NEAR((std::vector<double>{0.05, 0.05, 0.35, 0.35}), box(std::log(1.5)), 1e-6);
}

TEST(the_background_is_never_returned) {
  const auto found = one(logits({1, 3, 2}, {0.9, 0.1, 0.8, 0.2, 0.99, 0.01}), {.min_score = 0});
  EXPECT_EQ((Labels{0, 0, 0}), found.labels);
  EXPECT_NEAR((std::vector<double>{0.2, 0.1, 0.01}), found.scores, 1e-6);
}

TEST(boxes_are_clipped_to_the_picture) {
  const auto found = one(logits({1, 3, 2}, {0.9, 0.1, 0.9, 0.1, 0.1, 0.9}), {.min_score = 0.5});
  EXPECT_NEAR((std::vector<double>{0.8, 0, 1, 0.2}), found.boxes, 1e-6);
}

TEST(top_k_is_of_a_class_and_before_suppression) {
  auto loc = no_offsets();
  // The second prior on top of the first: suppressed, but it took a place of the two.
  loc.select(1, 1).copy_(floats({1, 4}, {-20, -20, 0, 0}));
  const auto conf = logits({1, 3, 2}, {0.1, 0.9, 0.2, 0.8, 0.3, 0.7});
  const auto scores = [&](int64_t top_k) {
    return detections(loc, conf, priors(), {.top_k = top_k}).at(0).scores;
  };
  EXPECT_NEAR((std::vector<double>{0.9, 0.7}), scores(3), 1e-6);
  EXPECT_NEAR((std::vector<double>{0.9}), scores(2), 1e-6);
}

TEST(classes_do_not_suppress_each_other) {
  auto loc = no_offsets();
  loc.select(1, 1).copy_(floats({1, 4}, {-20, -20, 0, 0}));
  const auto conf = logits({1, 3, 3}, {0.1, 0.8, 0.1, 0.2, 0.1, 0.7, 0.998, 0.001, 0.001});
  const auto found = detections(loc, conf, priors(), {.min_score = 0.5}).at(0);
  EXPECT_EQ((Labels{0, 1}), found.labels);
}

TEST(max_detections_is_of_the_picture) {
  const auto conf = logits({1, 3, 3}, {0.1, 0.7, 0.2, 0.2, 0.2, 0.6, 0.1, 0.65, 0.25});
  const auto found = one(conf, {.max_detections = 2});
  EXPECT_EQ((Labels{0, 0}), found.labels);
  EXPECT_NEAR((std::vector<double>{0.7, 0.65}), found.scores, 1e-6);
  EXPECT_EQ(8, found.boxes.size());
  EXPECT(one(conf, {.max_detections = 0}).labels.empty());
}

TEST(ties_go_by_the_lower_class_then_the_lower_prior) {
  const auto found =
      one(logits({1, 3, 3}, {0.2, 0.4, 0.4, 0.2, 0.4, 0.4, 0.9, 0.05, 0.05}), {.min_score = 0.3});
  EXPECT_EQ((Labels{0, 0, 1, 1}), found.labels);
  EXPECT_NEAR(0.1, found.boxes[0], 1e-6);
  EXPECT_NEAR(0.5, found.boxes[4], 1e-6);
}

TEST(pictures_of_a_batch_do_not_mix) {
  const auto conf = logits({2, 3, 2}, {0.1, 0.9, 0.95, 0.05, 0.95, 0.05,  //
                                       0.95, 0.05, 0.95, 0.05, 0.95, 0.05});
  const auto found = detections(no_offsets(2), conf, priors(), {.min_score = 0.5});
  EXPECT_EQ(2, found.size());
  EXPECT_EQ(1, found[0].labels.size());
  EXPECT(found[1].labels.empty() && found[1].boxes.empty() && found[1].scores.empty());
}

TEST(outputs_of_other_priors_throw) {
  EXPECT_THROWS(Code::BadOption, detections(no_offsets(), at::zeros({1, 4, 2}), priors(), {}));
  EXPECT_THROWS(Code::BadOption,
                detections(at::zeros({1, 4, 4}), at::zeros({1, 3, 2}), priors(), {}));
  EXPECT_THROWS(Code::BadOption,
                detections(at::zeros({2, 2, 3, 4}), at::zeros({2, 3, 2}), priors(), {}));
  EXPECT_THROWS(Code::BadOption,
                detections(no_offsets(), at::zeros({1, 3, 2}, at::kInt), priors(), {}));
}

TEST(without_priors_nothing_is_found) {
  const auto found = detections(at::zeros({2, 0, 4}), at::zeros({2, 0, 3}), at::zeros({0, 4}), {});
  EXPECT_EQ(2, found.size());
  EXPECT(found[0].labels.empty() && found[1].boxes.empty());
}

// Random outputs with scores that many priors share, and with boxes on top of each other.
struct Scene {
  at::Tensor loc, conf, priors;
};

Scene random_scene(uint64_t seed, int64_t count, int64_t classes) {
  const auto conf = noise({3, count, classes}, seed).mul(8).round().div(4).to(at::kFloat);
  const auto priors = to_centres(random_boxes(count, seed + 100)).to(at::kFloat);
  return {noise({3, count, 4}, seed + 200).to(at::kFloat), conf, priors};
}

TEST(random_scenes_agree_with_the_slow_reference_to_the_bit) {
  const std::vector<DetectOptions> rules{
      {},
      {.min_score = 0, .iou = 0.2, .top_k = 1000, .max_detections = 100000},
      {.min_score = 0.2, .top_k = 7, .max_detections = 5},
      {.iou = 0.9, .top_k = 33, .max_detections = 40, .coder_clip = 0.5}};
  size_t found = 0;
  for (uint64_t seed = 0; seed < 8; ++seed) {
    const auto [loc, conf, priors] =
        random_scene(seed, 60 + 37 * static_cast<int64_t>(seed), 2 + static_cast<int64_t>(seed));
    const auto& options = rules[seed % rules.size()];
    const auto expected = reference::detections(loc, conf, priors, options);
    for (const int threads : {1, 3}) {
      at::set_num_threads(threads);
      const auto got = detections(loc, conf, priors, options);
      at::set_num_threads(1);
      EXPECT_EQ(expected.size(), got.size());
      for (size_t i = 0; i < got.size(); ++i) {
        EXPECT_EQ(expected[i].boxes, got[i].boxes);
        EXPECT_EQ(expected[i].labels, got[i].labels);
        EXPECT_EQ(expected[i].scores, got[i].scores);
        found += got[i].labels.size();
      }
    }
  }
  EXPECT(found > 500);  // there was something to compare
}

TEST(outputs_of_half_precision_are_taken) {
  const auto [loc, conf, priors] = random_scene(5, 80, 4);
  const auto got = detections(loc.to(at::kBFloat16), conf.to(at::kBFloat16), priors, {});
  const auto expected =
      reference::detections(loc.to(at::kBFloat16), conf.to(at::kBFloat16), priors, {});
  for (size_t i = 0; i < got.size(); ++i) {
    EXPECT_EQ(expected[i].boxes, got[i].boxes);
    EXPECT_EQ(expected[i].scores, got[i].scores);
  }
}

TEST(a_prior_without_a_number_is_not_found) {
  auto conf = logits({1, 3, 2}, {0.1, 0.9, 0.2, 0.8, 0.3, 0.7});
  conf.select(1, 0).fill_(std::numeric_limits<float>::quiet_NaN());
  EXPECT_NEAR((std::vector<double>{0.8, 0.7}), one(conf).scores, 1e-6);
}

// From the same boxes and scores a GPU finds the same to the bit.
TEST(a_gpu_finds_the_same) {
  SKIP_UNLESS(at::hasCUDA());
  const std::vector<DetectRules> rules{
      {0.01, 0.45, 400, 200}, {0, 0.3, 512, 4096}, {0.1, 0.6, 7, 5}, {0.3, 0.45, 33, 1}};
  for (uint64_t seed = 0; seed < 12; ++seed) {
    const auto count = 40 + 200 * static_cast<int64_t>(seed);
    const auto [loc, conf, priors] = random_scene(seed, count, 2 + static_cast<int64_t>(seed));
    const auto boxes = decode(loc, priors, {0.1, 0.2}), scores = at::softmax(conf, -1);
    const auto& rule = rules[seed % rules.size()];
    const auto expected = detect(boxes, scores, rule);
    const auto got = detect(boxes.to(at::kCUDA), scores.to(at::kCUDA), rule);
    EXPECT(got.rows.is_cuda());
    EXPECT(same_bits(expected.counts, got.counts.cpu()));
    EXPECT(same_bits(expected.rows, got.rows.cpu()));
  }
}

// What its blocks do not hold goes to the CPU.
TEST(a_gpu_leaves_many_candidates_to_the_cpu) {
  SKIP_UNLESS(at::hasCUDA());
  const auto [loc, conf, priors] = random_scene(3, 900, 3);
  const DetectOptions many{.min_score = 0, .top_k = 900, .max_detections = 5000};
  const auto expected = detections(loc, conf, priors, many);
  const auto got = detections(loc.to(at::kCUDA), conf.to(at::kCUDA), priors.to(at::kCUDA), many);
  for (size_t i = 0; i < got.size(); ++i)
    EXPECT_EQ(expected[i].labels.size(), got[i].labels.size());
}

}  // namespace
}  // namespace ssd
