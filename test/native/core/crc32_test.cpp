#include "core/crc32.h"

#include <string>
#include <vector>

#include "check.h"

namespace ssd {
namespace {

std::vector<uint8_t> bytes(const std::string& text) {
  return {text.begin(), text.end()};
}

// Bit by bit, as the polynomial is written down.
uint32_t slowly(std::span<const uint8_t> from) {
  uint32_t crc = 0xFFFFFFFF;
  for (const auto byte : from) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xEDB88320U : 0U);
  }
  return ~crc;
}

TEST(known_checksums) {
  EXPECT_EQ(0U, crc32({}));
  EXPECT_EQ(0xE8B7BE43U, crc32(bytes("a")));
  EXPECT_EQ(0xCBF43926U, crc32(bytes("123456789")));
  EXPECT_EQ(0x414FA339U, crc32(bytes("The quick brown fox jumps over the lazy dog")));
  EXPECT_EQ(0xAE426082U, crc32(bytes("IEND")));  // the last four bytes of every PNG
}

TEST(any_length_and_any_start) {
  std::vector<uint8_t> data(200);
  for (size_t i = 0; i < data.size(); ++i) data[i] = static_cast<uint8_t>(i * 37 + i / 7);
  for (size_t first = 0; first < 9; ++first) {
    for (size_t length = 0; length <= 100; ++length) {
      const auto part = std::span(data).subspan(first, length);
      EXPECT_EQ(slowly(part), crc32(part));
    }
  }
}

TEST(parts_make_the_whole) {
  const auto all = bytes("a picture's rows, one after another");
  for (size_t cut = 0; cut <= all.size(); ++cut) {
    const auto whole = std::span<const uint8_t>(all);
    EXPECT_EQ(crc32(whole), crc32(whole.subspan(cut), crc32(whole.first(cut))));
  }
}

}  // namespace
}  // namespace ssd
