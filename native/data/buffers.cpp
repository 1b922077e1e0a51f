#include "data/buffers.h"

#include <ATen/ops/empty.h>

#include <utility>

namespace ssd {

Buffers::Buffers(std::vector<int64_t> shape, at::TensorOptions options)
    : shape_(std::move(shape)), options_(options) {}

at::Tensor Buffers::take() {
  for (const auto& tensor : all_) {
    // Views of it, of which a batch's images are one, hold its storage.
    if (tensor.use_count() == 1 && tensor.storage().use_count() == 1) return tensor;
  }
  all_.push_back(at::empty(shape_, options_));
  return all_.back();
}

}  // namespace ssd
