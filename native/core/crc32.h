#pragma once

#include <cstdint>
#include <span>

namespace ssd {

// CRC-32 as PNG and zlib compute it (reflected polynomial 0xEDB88320): the checksum of a pack's
// pictures, which TypeScript writes with Node's zlib. `before` is that of the bytes in front.
uint32_t crc32(std::span<const uint8_t> bytes, uint32_t before = 0);

}  // namespace ssd
