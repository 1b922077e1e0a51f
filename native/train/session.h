#pragma once

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "losses/multibox.h"
#include "models/model.h"
#include "train/batch.h"
#include "train/claim.h"
#include "train/ema.h"
#include "train/optimizer.h"
#include "train/precision.h"

namespace ssd {

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
  std::optional<EmaOptions> ema;
};

// A step's terms as numbers, for the log.
struct StepResult {
  double total = 0, conf = 0, loc = 0;
  std::optional<double> soft, l2;
  int64_t num_positives = 0, unmatched = 0;
};

// What trains a detector: the student, its optimizer, the average of its weights if one is kept,
// and the frozen teacher if it is distilled. Steps belong on one thread; all else between two
// steps.
class Session {
 public:
  Session(std::shared_ptr<Model> student, std::shared_ptr<Model> teacher, at::Tensor priors,
          SessionOptions options);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Forward, loss, backward, update. Throws Diverged when the objective is not finite; a step that
  // throws leaves the student as it was.
  StepResult step(const Batch& batch, double lr);

  // A new phase: the optimizer starts anew with whatever `freeze` leaves, the average goes on.
  void begin(std::vector<std::string> freeze);

  // Puts the averaged weights into the student, or its own back; a step needs its own. Without an
  // average nothing happens.
  void show_average(bool averaged);

  // Its state as named tensors, `optimizer.<slot>.<parameter>`, `ema.<parameter>` and `ema.steps`:
  // views, ready to be saved or filled.
  std::map<std::string, at::Tensor> state();

 private:
  // BatchNorm's statistics and their values before the step, which they leave in the forward pass,
  // before anyone knows whether it diverges.
  struct Kept {
    std::vector<at::Tensor> values, copies;
  };

  std::vector<Parameter> trainable(const std::vector<std::string>& freeze);
  StepResult attempt(const Batch& batch, double lr);

  std::shared_ptr<Model> student_;
  std::shared_ptr<Model> teacher_;
  Claim claim_;
  std::optional<Claim> teacher_claim_;
  at::Tensor priors_;
  SessionOptions options_;
  Optimizer optimizer_;
  std::optional<Ema> ema_;
  std::map<at::ScalarType, Kept> statistics_;  // by type: one kernel copies all of a type
};

}  // namespace ssd
