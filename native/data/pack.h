#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "data/picture_table.h"

namespace ssd {

// Where a pack's pictures are and what is in them; TypeScript writes the file and reads its index.
struct PackIndex : PictureList {
  std::string file;
  std::vector<uint64_t> offsets;  // bytes from the start of the file
  std::vector<uint32_t> crcs;     // CRC-32 of each picture's pixels
};

// Decoded pictures in one memory-mapped file. Read-only, so any number of threads may use it.
class Pack final : public Pictures {
 public:
  explicit Pack(PackIndex index);
  ~Pack() override;
  Pack(const Pack&) = delete;
  Pack& operator=(const Pack&) = delete;

  size_t size() const override { return table_.size(); }

  // The first time a picture is taken its pixels are held against their checksum.
  Picture take(uint32_t index, const std::stop_token& stop) override;

  // The file, mapped.
  std::span<const uint8_t> memory() const override {
    return {static_cast<const uint8_t*>(map_), bytes_};
  }

  // Without that check.
  Picture picture(size_t i) const;

 private:
  void check_places() const;
  void check_pixels(size_t i);

  const PictureTable table_;
  const std::string file_;
  const std::vector<uint64_t> offsets_;
  const std::vector<uint32_t> crcs_;
  std::unique_ptr<std::atomic<bool>[]> sound_;  // of each picture, whether its pixels were checked
  void* map_ = nullptr;
  size_t bytes_ = 0;
};

}  // namespace ssd
