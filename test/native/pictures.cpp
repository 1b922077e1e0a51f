#include "pictures.h"

#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "check.h"
#include "core/crc32.h"

Painting::Painting(int32_t width, int32_t height, const Rgb& colour)
    : width_(width),
      height_(height),
      pixels_(static_cast<size_t>(width) * static_cast<size_t>(height) * 3) {
  for (size_t i = 0; i < pixels_.size(); ++i) pixels_[i] = colour[i % 3];
}

Painting& Painting::pixel(int32_t x, int32_t y, const Rgb& colour) {
  std::copy(colour.begin(), colour.end(), pixels_.begin() + (y * width_ + x) * 3);
  return *this;
}

Painting& Painting::object(int32_t x1, int32_t y1, int32_t x2, int32_t y2, const Rgb& colour,
                           int32_t label) {
  for (int32_t y = y1; y < y2; ++y) {
    for (int32_t x = x1; x < x2; ++x) pixel(x, y, colour);
  }
  for (const auto corner : {x1, y1, x2, y2}) boxes_.push_back(static_cast<float>(corner));
  labels_.push_back(label);
  return *this;
}

ssd::Picture Painting::picture() const {
  return {pixels_.data(), width_, height_, boxes_, labels_, nullptr};
}

std::span<const uint8_t> Painting::pixels() const {
  return pixels_;
}

ssd::PictureList list_of(const std::vector<Painting>& paintings) {
  ssd::PictureList list;
  for (const auto& painting : paintings) {
    const auto picture = painting.picture();
    list.paths.push_back("painting " + std::to_string(list.paths.size()));
    list.sizes.insert(list.sizes.end(), {picture.width, picture.height});
    list.counts.push_back(static_cast<int32_t>(picture.labels.size()));
    list.boxes.insert(list.boxes.end(), picture.boxes.begin(), picture.boxes.end());
    list.labels.insert(list.labels.end(), picture.labels.begin(), picture.labels.end());
  }
  return list;
}

PackFile::PackFile(const std::vector<Painting>& paintings) : index{list_of(paintings), {}, {}, {}} {
  std::vector<uint8_t> bytes(5, 0xEE);
  for (const auto& painting : paintings) {
    const auto pixels = painting.pixels();
    index.offsets.push_back(bytes.size());
    index.crcs.push_back(ssd::crc32(pixels));
    bytes.insert(bytes.end(), pixels.begin(), pixels.end());
  }
  index.file = (std::filesystem::temp_directory_path() / "ssd_tests_XXXXXX").string();
  const int descriptor = mkstemp(index.file.data());
  const auto written = write(descriptor, bytes.data(), bytes.size());
  close(descriptor);
  if (written != static_cast<ssize_t>(bytes.size())) {
    check::fail(__FILE__, __LINE__, index.file, "a written file", "an error");
  }
}

PackFile::~PackFile() {
  std::filesystem::remove(index.file);
}

Painting numbered_painting(uint8_t number, int truths) {
  Painting out(40 + number % 7, 30 + number % 5, {number, 100, static_cast<uint8_t>(255 - number)});
  if (truths > 0) out.object(3, 4, 20, 18, {250, number, 0}, 0);
  if (truths > 1) out.object(22, 10, 38, 28, {0, number, 250}, 1);
  return out;
}
