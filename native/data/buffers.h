#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

namespace ssd {

// Tensors of one shape that are used again once nobody holds them: fresh memory of a batch's size
// costs a page fault every 4 KiB. For one thread at a time.
class Buffers {
 public:
  Buffers(std::vector<int64_t> shape, at::TensorOptions options);

  at::Tensor take();

 private:
  const std::vector<int64_t> shape_;
  const at::TensorOptions options_;
  std::vector<at::Tensor> all_;
};

}  // namespace ssd
