#include "boxes/detections.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/zeros.h>

#include <cmath>

#include "core/error.h"
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

}  // namespace
}  // namespace ssd
