extern "C" {
#include "data/turbojpeg.h"
}

#include <algorithm>

#include "check.h"

namespace ssd {
namespace {

using Bytes = std::vector<uint8_t>;

constexpr int32_t kWidth = 16, kHeight = 8;

void append(Bytes& to, const Bytes& more) {
  to.insert(to.end(), more.begin(), more.end());
}

// A Huffman table with the codes 0 and 10.
Bytes huffman(uint8_t which, uint8_t first, uint8_t second) {
  Bytes table{0xff, 0xc4, 0, 21, which, 1, 1};
  append(table, Bytes(14, 0));
  append(table, {first, second});
  return table;
}

// A gray JPEG of two blocks. Every quantum is 8, so that a DC of 9 lifts the block's mean 128 by 9;
// the second block's differs by nothing.
Bytes gray_137() {
  Bytes jpeg{0xff, 0xd8, 0xff, 0xdb, 0, 67, 0};
  append(jpeg, Bytes(64, 8));
  append(jpeg, {0xff, 0xc0, 0, 11, 8, 0, kHeight, 0, kWidth, 1, 1, 0x11, 0});
  append(jpeg, huffman(0x00, /*no difference*/ 0, /*4 bits of one*/ 4));
  append(jpeg, huffman(0x10, /*end of block*/ 0, /*unused*/ 1));
  append(jpeg, {0xff, 0xda, 0, 8, 1, 1, 0x00, 0, 63, 0});
  // 10 1001, 0; 0, 0; filled up with ones.
  append(jpeg, {0b10100100, 0b01111111, 0xff, 0xd9});
  return jpeg;
}

struct Result {
  bool done;
  Bytes rgb;
};

// Of a copy that ends where the bytes do, so that a sanitizer sees whoever reads on.
Result decode(const Bytes& jpeg, int32_t width = kWidth, int32_t height = kHeight) {
  const Bytes own(jpeg);
  Bytes rgb(static_cast<size_t>(width) * static_cast<size_t>(height) * 3);
  const bool done = turbojpeg_decode(own.data(), own.size(), width, height, rgb.data());
  return {done, std::move(rgb)};
}

TEST(a_machine_without_it_decodes_nothing) {
  EXPECT_EQ(turbojpeg_found(), decode(gray_137()).done);
}

TEST(gray_becomes_rgb) {
  SKIP_UNLESS(turbojpeg_found());
  const auto found = decode(gray_137());
  EXPECT(found.done);
  EXPECT_EQ(kWidth * kHeight * 3, std::count(found.rgb.begin(), found.rgb.end(), 137));
}

TEST(another_size_than_told_is_not_decoded) {
  SKIP_UNLESS(turbojpeg_found());
  EXPECT(!decode(gray_137(), kWidth, kHeight - 1).done);
  EXPECT(!decode(gray_137(), kWidth / 2, kHeight / 2).done);
  EXPECT(!decode(gray_137(), 2 * kWidth, kHeight).done);
}

TEST(a_beginning_is_not_decoded) {
  SKIP_UNLESS(turbojpeg_found());
  const auto whole = gray_137();
  // Without its last marker it is a warning.
  for (size_t length = 0; length + 1 < whole.size(); ++length) {
    EXPECT(!decode({whole.begin(), whole.begin() + static_cast<ptrdiff_t>(length)}).done);
  }
}

TEST(any_byte_may_be_another) {
  SKIP_UNLESS(turbojpeg_found());
  size_t decoded = 0;
  for (size_t at = 0; at < gray_137().size(); ++at) {
    for (const int value : {0x00, 0x01, 0x7f, 0x80, 0xff}) {
      auto jpeg = gray_137();
      jpeg[at] = static_cast<uint8_t>(value);
      decoded += decode(jpeg).done ? 1 : 0;
    }
  }
  // Nearly all of its bytes are numbers that may be others: quanta, for example.
  EXPECT(decoded > gray_137().size());
}

}  // namespace
}  // namespace ssd
