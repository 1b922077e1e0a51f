#pragma once

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "losses/multibox_kd.h"
#include "models/model.h"
#include "train/batch.h"
#include "train/optimizer.h"
#include "train/precision.h"

namespace ssd {

struct LossOptions {
  MatchOptions match;
  MiningOptions mining;
  KdOptions kd;
};

// Matches the truths and computes the loss; distils when there is a teacher's output.
struct Evaluated {
  Losses losses;
  at::Tensor unmatched;  // [] int64
};
Evaluated evaluate_loss(const Output& student, const std::optional<Output>& teacher,
                        const Targets& targets, const at::Tensor& priors,
                        const LossOptions& options);

// Turns pictures normalised for the student into the teacher's, channel by channel.
struct InputScale {
  std::array<float, 3> scale, shift;
};

struct SessionOptions {
  OptimizerOptions optimizer;
  LossOptions loss;
  Precision precision = Precision::Fp32;
  std::vector<std::string> freeze;
  std::optional<InputScale> teacher_input;
};

// A step's terms as numbers, for the log.
struct StepResult {
  double total = 0, conf = 0, loc = 0;
  std::optional<double> soft, l2;
  int64_t num_positives = 0, unmatched = 0;
};

// What trains a detector: the student, its optimizer, and the frozen teacher if it is distilled.
// Not thread safe: one job thread owns a session.
class Session {
 public:
  Session(std::shared_ptr<Model> student, std::shared_ptr<Model> teacher, at::Tensor priors,
          SessionOptions options);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Forward, loss, backward, update. Throws Diverged when the objective is not finite; a step that
  // throws leaves the student as it was.
  StepResult step(const Batch& batch, double lr);

  Optimizer& optimizer() { return optimizer_; }

 private:
  // BatchNorm's statistics and their values before the step, which they leave in the forward pass,
  // before anyone knows whether it diverges.
  struct Kept {
    std::vector<at::Tensor> values, copies;
  };

  std::vector<Parameter> trainable();
  StepResult attempt(const Batch& batch, double lr);

  std::shared_ptr<Model> student_;
  std::shared_ptr<Model> teacher_;
  at::Tensor priors_;
  SessionOptions options_;
  Optimizer optimizer_;
  std::map<at::ScalarType, Kept> statistics_;  // by type: one kernel copies all of a type
};

}  // namespace ssd
