#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <string>
#include <vector>

#include "models/layers.h"

namespace ssd {

struct EmaOptions {
  double decay = 0.9998;
  double warmup = 2000;  // steps; 0 for none
};

// The exponential moving average of a state dict, statistics of BatchNorm included. Its n-th update
// (1-based) is average = d * average + (1 - d) * value with d = decay * (1 - exp(-n / warmup)): the
// start weights weigh little soon (Ultralytics' rule). Integer buffers are copied.
class Ema {
 public:
  // Starts as what the tensors are. `guarded`: the count of updates lives with the tensors, since
  // their device alone knows which updates happen.
  Ema(EmaOptions options, const std::vector<Parameter>& parameters, bool guarded = false);

  void update();
  // The same unless `found` [1] is 1, decided on the device; a guarded average's only update.
  void update(const at::Tensor& found);

  // Puts the averages into the tensors, or the tensors' own values back. Their storage stays, since
  // others hold the tensors too; an error changes nothing.
  void show(bool averaged);
  bool shown() const { return shown_; }

  // Its state as named tensors, the parameters' own names and `steps`: views, ready to be saved or
  // filled.
  std::map<std::string, at::Tensor> state() const;

 private:
  // Tensors that are treated alike, and the average of each.
  struct Group {
    std::vector<std::string> names;
    std::vector<at::Tensor> values, averages;
  };

  EmaOptions options_;
  Group floating_, integer_;
  at::Tensor steps_;  // [] int64, on the CPU unless guarded: read in every update
  bool shown_ = false;
};

}  // namespace ssd
