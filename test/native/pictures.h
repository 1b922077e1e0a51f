#pragma once

#include <array>

#include "data/pack.h"

using Rgb = std::array<uint8_t, 3>;

// A picture in memory: one colour at first, then what is painted into it.
class Painting {
 public:
  Painting(int32_t width, int32_t height, const Rgb& colour);

  // Paints the pixels [x1, x2) x [y1, y2) and makes them a truth.
  Painting& object(int32_t x1, int32_t y1, int32_t x2, int32_t y2, const Rgb& colour,
                   int32_t label);
  Painting& pixel(int32_t x, int32_t y, const Rgb& colour);

  // Valid as long as the painting lives.
  ssd::Picture picture() const;
  std::span<const uint8_t> pixels() const;

 private:
  int32_t width_, height_;
  std::vector<uint8_t> pixels_;
  std::vector<float> boxes_;
  std::vector<int32_t> labels_;
};

// What a holder of pictures is told about paintings.
ssd::PictureList list_of(const std::vector<Painting>& paintings);

// A pack in a temporary file, which goes with the object. The pictures start 5 bytes into it.
class PackFile {
 public:
  explicit PackFile(const std::vector<Painting>& paintings);
  ~PackFile();
  PackFile(const PackFile&) = delete;
  PackFile& operator=(const PackFile&) = delete;

  ssd::PackIndex index;
};

// Paintings of different sizes and contents with `truths` (0 to 2) objects of label 0 and 1.
Painting numbered_painting(uint8_t number, int truths);
