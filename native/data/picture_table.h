#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "data/pictures.h"

namespace ssd {

// What is known of a set's pictures without their pixels, as TypeScript tells it.
struct PictureList {
  std::vector<std::string> paths;  // of the files they were decoded from, for messages
  std::vector<int32_t> sizes;      // width and height in pixels, interleaved
  std::vector<int32_t> counts;     // truths of each picture
  std::vector<float> boxes;        // corners in pixels, 4 a truth
  std::vector<int32_t> labels;
};

// A list that was checked: every holder of pictures has one. Throws BadData naming `holder`.
class PictureTable {
 public:
  PictureTable(PictureList list, const std::string& holder);

  size_t size() const { return list_.counts.size(); }
  const std::string& path(size_t i) const { return list_.paths[i]; }
  int32_t width(size_t i) const { return list_.sizes[i * 2]; }
  int32_t height(size_t i) const { return list_.sizes[i * 2 + 1]; }
  size_t bytes(size_t i) const {
    return static_cast<size_t>(width(i)) * static_cast<size_t>(height(i)) * 3;
  }
  // The picture with its truths; `pixels` are `bytes(i)`.
  Picture picture(size_t i, const uint8_t* pixels, std::shared_ptr<const void> owner) const;

 private:
  PictureList list_;
  std::vector<size_t> first_;  // of each picture, its first truth
};

}  // namespace ssd
