#pragma once

#include <array>
#include <functional>
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
#include "train/replay.h"
#include "train/scaler.h"
#include "train/statistics.h"
#include "train/terms.h"

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
  ScalerOptions scaler;  // of the loss, in fp16
  std::vector<std::string> freeze;
  std::optional<InputScale> teacher_input;
  std::optional<EmaOptions> ema;
  std::optional<double> clip;  // largest norm of all gradients together
  // Whether an update is decided on the device and its numbers are fetched a step later; by default
  // everywhere but on the CPU, where they are at hand.
  std::optional<bool> guarded;
  // Makes one recorded piece of a step, whose updates are guarded.
  std::optional<ReplayOptions> graph;
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

  // Makes a batch of a step.
  using Source = std::function<Batch()>;

  // A step that was queued on the device, and the pictures it was made of.
  struct Launched {
    Late numbers;
    std::vector<int32_t> indices;
  };

  // Forward, loss and backward of `batches` batches, whose gradients are averaged, then one update.
  // Where anything is not finite nothing of the student changes, as when it throws.
  Launched launch(const Source& source, int64_t batches, double lr);

  // A step's numbers. Throws Diverged when something was not finite; in fp16 such a step is skipped
  // and the loss scaled less, and only one that the least scale, 1, did not help has diverged.
  StepResult collect(const Launched& launched);

  // Both, of one batch.
  StepResult step(const Batch& batch, double lr);

  // All of a step but the update, on made-up pictures: throws what a step of so many would, for
  // want of memory, and leaves everything as it was.
  void probe(int64_t pictures, int64_t side);

  // A new phase: the optimizer starts anew with whatever `freeze` leaves, the average goes on.
  void begin(std::vector<std::string> freeze);

  // Puts the averaged weights into the student, or its own back; a step needs its own. Without an
  // average nothing happens.
  void show_average(bool averaged);

  // Its state as named tensors, `optimizer.<slot>.<parameter>`, `ema.<parameter>`, `ema.steps`,
  // `scaler.scale` and `scaler.good_steps`: views, ready to be saved or filled.
  std::map<std::string, at::Tensor> state();

 private:
  std::vector<Parameter> trainable(const std::vector<std::string>& freeze);
  Inputs take(const Source& source, std::vector<int32_t>& indices) const;
  at::Tensor learn(const Inputs& inputs, bool first);
  at::Tensor conclude(const at::Tensor& rows, Update update);
  Verdict judge(const at::Tensor& rows) const;
  void drop_gradients();

  std::shared_ptr<Model> student_;
  std::shared_ptr<Model> teacher_;
  Claim claim_;
  std::optional<Claim> teacher_claim_;
  SessionOptions options_;
  bool guarded_;
  at::Tensor priors_;
  at::Tensor factors_, summands_;  // [1, 3, 1, 1] of the teacher's input; may be undefined
  Optimizer optimizer_;
  Statistics statistics_;
  std::optional<Ema> ema_;
  std::optional<Scaler> scaler_;
  std::optional<Replay> replay_;
  // [1] Where updates are guarded: 1 from a step that diverged until that is known, so that none
  // that is queued behind it changes anything.
  at::Tensor diverged_;
};

}  // namespace ssd
