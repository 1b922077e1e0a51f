#pragma once

#include <ATen/core/Tensor.h>

namespace ssd {

enum class Precision { Fp32, Bf16, Fp16 };

// While it lives, convolutions of this thread compute in bfloat16 or float16 on `device`; weights,
// norms and losses stay in float32. Nothing happens for Fp32.
class Autocast {
 public:
  Autocast(Precision precision, at::DeviceType device);
  ~Autocast();
  Autocast(const Autocast&) = delete;
  Autocast& operator=(const Autocast&) = delete;

 private:
  const bool active_;
  const at::DeviceType device_;
  const bool before_;
};

}  // namespace ssd
