#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/pictures.h"

namespace ssd {

// Where a pack's pictures are and what is in them; TypeScript writes and checks the file.
struct PackIndex {
  std::string file;
  std::vector<uint64_t> offsets;  // bytes from the start of the file
  std::vector<int32_t> sizes;     // width and height, interleaved
  std::vector<int32_t> counts;    // truths of each picture
  std::vector<float> boxes;       // corners in pixels, 4 a truth
  std::vector<int32_t> labels;
};

// Decoded pictures in one memory-mapped file. Read-only, so any number of threads may use it.
class Pack : public Pictures {
 public:
  explicit Pack(PackIndex index);
  ~Pack() override;
  Pack(const Pack&) = delete;
  Pack& operator=(const Pack&) = delete;

  size_t size() const override { return index_.offsets.size(); }
  Picture take(uint32_t index, const std::stop_token& stop) override;
  std::span<const uint8_t> memory() const override {
    return {static_cast<const uint8_t*>(map_), bytes_};
  }
  Picture picture(size_t i) const;

 private:
  void check(uint64_t bytes) const;

  PackIndex index_;
  std::vector<size_t> first_;  // of each picture, its first truth
  void* map_ = nullptr;
  size_t bytes_ = 0;
};

}  // namespace ssd
