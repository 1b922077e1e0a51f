#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Stream.h>
#include <c10/core/StreamGuard.h>

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "train/batch.h"
#include "train/recording.h"

namespace ssd {

struct ReplayOptions {
  int64_t max_boxes = 64;  // truths a picture; batches with more are computed without the record
  std::function<std::unique_ptr<Recording>()> recording;  // by default the device's own
};

// Does a step's work as one recorded piece. The first times, and for batches of another shape or
// with more truths than there is room for, it is done as it stands: the same kernels, the same
// numbers, a launch each.
class Replay {
 public:
  // From batches on the device and the learning rate, [] float32 there, to the step's numbers. A
  // record holds a copy of it: what it captures has to live until forget().
  using Work = std::function<at::Tensor(const std::vector<Inputs>&, const at::Tensor&)>;

  // BadOption where nothing can be recorded.
  Replay(ReplayOptions options, at::Device device);

  // Makes a stream of its own the current one, behind all that was queued on the default stream.
  // Nothing on the CPU, which has none.
  std::optional<c10::StreamGuard> enter() const;

  at::Tensor run(std::vector<Inputs> inputs, double lr, const Work& work);

  // The work has changed: what was recorded is no longer it.
  void forget();

 private:
  bool fits(const std::vector<Inputs>& inputs) const;

  ReplayOptions options_;
  at::Device device_;
  std::optional<c10::Stream> stream_;
  at::Tensor lr_;
  int64_t plain_ = 0;  // times it was done as it stands
  std::unique_ptr<Recording> recording_;
  std::vector<Inputs> inputs_;  // what the record reads
  at::Tensor numbers_;          // what it writes
};

}  // namespace ssd
