#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <stop_token>

namespace ssd {

// A decoded picture: u8 RGB rows without padding, corners in pixels.
struct Picture {
  const uint8_t* pixels;
  int32_t width, height;
  std::span<const float> boxes;
  std::span<const int32_t> labels;
  std::shared_ptr<const void> owner;  // keeps the pixels where nobody else does
};

// Where a loader takes decoded pictures from. Any number of threads may use it.
class Pictures {
 public:
  virtual ~Pictures() = default;

  virtual size_t size() const = 0;

  // Announces pictures that will be taken, each as often as it stands there; a source that has to
  // fetch them begins to. `drop` takes back what was announced and is not taken after all.
  virtual void want(std::span<const uint32_t>) {}
  virtual void drop(std::span<const uint32_t>) {}

  // All pixels, where they lie in one piece of memory that stays; otherwise nothing.
  virtual std::span<const uint8_t> memory() const { return {}; }

  // Waits for a picture that was announced. Throws BadData naming it when it cannot be had,
  // Cancelled once `stop` is requested.
  virtual Picture take(uint32_t index, const std::stop_token& stop) = 0;
};

}  // namespace ssd
