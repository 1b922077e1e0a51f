#pragma once

#include <atomic>
#include <memory>
#include <span>
#include <vector>

#include "data/picture_table.h"

namespace ssd {

// Decoded pictures in memory of the process. JavaScript puts every picture in before a loader takes
// the first; from then on any number of threads may use it.
class MemoryPack final : public Pictures {
 public:
  // Reserves the memory of all. Throws OutOfMemory.
  explicit MemoryPack(PictureList list);
  ~MemoryPack() override;
  MemoryPack(const MemoryPack&) = delete;
  MemoryPack& operator=(const MemoryPack&) = delete;

  size_t size() const override { return table_.size(); }
  void put(uint32_t index, std::span<const uint8_t> pixels);

  // Throws BadData for a picture that was not put in.
  Picture take(uint32_t index, const std::stop_token& stop) override;

 private:
  const PictureTable table_;
  std::vector<size_t> offsets_;
  std::unique_ptr<std::atomic<bool>[]> there_;
  uint8_t* pixels_ = nullptr;
  size_t bytes_ = 0;
};

}  // namespace ssd
