#pragma once

#include <c10/core/Event.h>
#include <c10/core/Stream.h>

#include <deque>
#include <memory>
#include <mutex>
#include <optional>

#include "data/resample_op.h"

namespace ssd {

// Makes the pictures of whole batches on a device: what they show is decided on the CPU, the pixels
// are cropped, resized, coloured and normalised there, in a stream of its own.
class Renderer {
 public:
  // `resident` keeps a copy of all pixels of the pictures on the device, as far as they lie in one
  // piece and it has the memory; otherwise the rows that are shown go into page-locked memory,
  // which a GPU reads over the bus.
  Renderer(const Pictures& pictures, at::Device device, bool resident);

  bool resident() const { return pixels_.defined(); }

  // A layer with its pixels where the device can read them, and what keeps them there.
  struct Staged {
    Record record;
    at::Tensor pixels;
  };
  Staged stage(const Layer& layer, const Picture& picture) const;

  // The pictures of a batch, [B, S, S, 3]. `use` makes the thread that goes on with them wait for
  // them, on the device and not on the host.
  struct Rendered {
    at::Tensor images;
    std::shared_ptr<c10::Event> ready;
  };
  Rendered render(const std::vector<std::vector<Staged>>& batch, const Frame& frame);
  void use(const Rendered& rendered) const;

 private:
  // Page-locked rows stay until the kernel that reads them is done.
  void retire(std::shared_ptr<c10::Event> ready, std::vector<at::Tensor> pixels);

  const at::Device device_;
  const uint8_t* start_ = nullptr;  // of the pictures' memory on the host
  at::Tensor pixels_;               // its copy on the device
  std::optional<c10::Stream> stream_;
  std::mutex mutex_;
  std::deque<std::pair<std::shared_ptr<c10::Event>, std::vector<at::Tensor>>> retired_;
};

}  // namespace ssd
