#pragma once

#include <string>

namespace ssd {

// Devices beside the CPU that may be used: CUDA's, unless it was withheld. To ask CUDA itself can
// end the process where a driver is broken.
int cuda_devices();

// For the rest of the process; `why` goes on "expected a CUDA device for cuda:0, got ".
void withhold_cuda(std::string why);

// Throws NoCuda when `cuda_devices` is none.
void require_cuda(const std::string& device);

}  // namespace ssd
