#include "pictures.h"

#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "check.h"

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

PackFile::PackFile(const std::vector<Painting>& paintings) {
  std::vector<uint8_t> bytes(5, 0xEE);
  for (const auto& painting : paintings) {
    const auto picture = painting.picture();
    const auto count = static_cast<size_t>(picture.width) * static_cast<size_t>(picture.height) * 3;
    index.offsets.push_back(bytes.size());
    bytes.insert(bytes.end(), picture.pixels, picture.pixels + count);
    index.sizes.insert(index.sizes.end(), {picture.width, picture.height});
    index.counts.push_back(static_cast<int32_t>(picture.labels.size()));
    index.boxes.insert(index.boxes.end(), picture.boxes.begin(), picture.boxes.end());
    index.labels.insert(index.labels.end(), picture.labels.begin(), picture.labels.end());
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
