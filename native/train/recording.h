#pragma once

#include <c10/core/Device.h>

#include <functional>
#include <memory>

namespace ssd {

// A device's work that is recorded once and replayed as a whole, one launch for all its kernels.
// Replayed it reads and writes the same memory, and what the host decided stays decided.
class Recording {
 public:
  virtual ~Recording() = default;

  // Records what `work` queues on the current stream, which must not be the default one; does none
  // of it. Once.
  virtual void record(const std::function<void()>& work) = 0;

  virtual void replay() = 0;
};

// A CUDA graph; none where the device, or what was built for it, has no such thing.
std::unique_ptr<Recording> make_recording(c10::Device device);

}  // namespace ssd
