#include "core/bytes.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>

#include <cstring>

#include "core/error.h"

namespace ssd {

void copy_bytes(const at::Tensor& target, std::span<const uint8_t> bytes,
                std::optional<at::ScalarType> type, const std::string& name) {
  const auto own = target.scalar_type(), given = type.value_or(own);
  if (at::isFloatingType(given) && !at::isFloatingType(own)) {
    throw Error(Code::BadCheckpoint, name + ": expected integers, as the model has " +
                                         c10::toString(own) + ", got " + c10::toString(given));
  }
  const auto source = at::empty(target.sizes(), given);
  if (source.nbytes() != bytes.size()) {
    throw Error(Code::BadCheckpoint, name + ": expected " + std::to_string(source.nbytes()) +
                                         " bytes of " + c10::toString(given) + ", got " +
                                         std::to_string(bytes.size()) + " bytes");
  }
  std::memcpy(source.data_ptr(), bytes.data(), bytes.size());
  const at::NoGradGuard guard;
  target.copy_(source);
}

}  // namespace ssd
