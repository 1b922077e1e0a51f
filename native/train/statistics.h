#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "models/layers.h"

namespace ssd {

// BatchNorm's statistics and their values before a step, which they leave in the forward pass,
// before anyone knows whether it diverges. The buffers are moved into one piece of memory a type
// (whoever holds the tensors sees no difference), so that all of them are kept by one copy.
class Statistics {
 public:
  explicit Statistics(const std::vector<Parameter>& parameters);

  void keep();
  void restore();
  // The same where `found` [1] is 1, decided on the device.
  void restore_if(const at::Tensor& found);

 private:
  struct Kept {
    at::Tensor values, copies;
  };

  std::vector<Kept> kept_;
};

}  // namespace ssd
