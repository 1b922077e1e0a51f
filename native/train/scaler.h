#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <string>
#include <vector>

namespace ssd {

struct ScalerOptions {
  double start = 65536;
  double growth = 2, backoff = 0.5;
  int64_t interval = 2000;  // good steps in a row before it grows
};

// Dynamic loss scaling (Micikevicius et al., ICLR 2018) as PyTorch's GradScaler has it: the loss is
// multiplied so that small gradients do not vanish in float16; a step whose gradients overflow is
// left out and the factor shrinks, after many good ones it grows. All of it stays on the device.
class Scaler {
 public:
  Scaler(ScalerOptions options, at::Device device);

  const at::Tensor& scale() const { return scale_; }  // [] float32

  // Divides gradients by the factor, in place. [1] 1 when one of them is not finite, else 0.
  at::Tensor unscale(const std::vector<at::Tensor>& grads) const;

  // The step is over: shrinks, or counts a good one.
  void update(const at::Tensor& found);

  // Its state as named tensors, `scale` and `good_steps`: views, ready to be saved or filled.
  std::map<std::string, at::Tensor> state() const;

 private:
  ScalerOptions options_;
  at::Tensor scale_;       // [] float32
  at::Tensor good_steps_;  // [] int32, in a row
};

}  // namespace ssd
