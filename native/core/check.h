#pragma once

#include <ATen/core/Tensor.h>

#include <sstream>
#include <string>
#include <vector>

#include "core/error.h"

namespace ssd {

inline std::string show(at::IntArrayRef shape) {
  std::ostringstream out;
  out << shape;
  return out.str();
}

// Throws unless `tensor` has the shape; -1 stands for any extent.
inline void check_shape(const at::Tensor& tensor, const std::vector<int64_t>& expected,
                        const char* name) {
  bool same = tensor.dim() == static_cast<int64_t>(expected.size());
  for (size_t i = 0; same && i < expected.size(); ++i) {
    same = expected[i] < 0 || tensor.size(static_cast<int64_t>(i)) == expected[i];
  }
  if (same) return;
  throw Error(Code::BadOption, std::string("expected ") + name + " of shape " + show(expected) +
                                   " (-1 is any), got " + show(tensor.sizes()));
}

inline void check_floating(const at::Tensor& tensor, const char* name) {
  if (tensor.is_floating_point()) return;
  throw Error(Code::BadOption, std::string("expected ") + name + " of a floating type, got " +
                                   c10::toString(tensor.scalar_type()));
}

inline void check_same_device(const at::Tensor& a, const at::Tensor& b, const char* what) {
  if (a.device() == b.device()) return;
  throw Error(Code::BadOption, std::string("expected ") + what + " on one device, got " +
                                   a.device().str() + " and " + b.device().str());
}

inline void check_same_type(const at::Tensor& a, const at::Tensor& b, const char* what) {
  if (a.scalar_type() == b.scalar_type()) return;
  throw Error(Code::BadOption, std::string("expected ") + what + " of one type, got " +
                                   c10::toString(a.scalar_type()) + " and " +
                                   c10::toString(b.scalar_type()));
}

}  // namespace ssd
