#pragma once

#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

namespace ssd {

// What a device does at most with the threads it has, measured in well under a second: the ceilings
// that floors of benchmarks are counted from.
struct Speed {
  double bytes_per_second;  // of a copy that no cache holds, read and written
  double flops_per_second;  // of a matrix product of `dtype`
};

Speed speed(c10::Device device, c10::ScalarType dtype);

}  // namespace ssd
