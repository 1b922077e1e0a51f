#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace ssd {

// Copies row-major elements of `type` (the tensor's own when absent) into a tensor that stays where
// and what it is. Any floating type goes into a floating tensor, integers into either; fractions
// never become integers unseen. Throws BadCheckpoint, naming the tensor, and leaves it as it was.
void copy_bytes(const at::Tensor& target, std::span<const uint8_t> bytes,
                std::optional<at::ScalarType> type, const std::string& name);

}  // namespace ssd
