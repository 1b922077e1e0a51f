#include "data/memory_pack.h"

#include <sys/mman.h>

#include <algorithm>
#include <string>
#include <utility>

#include "core/error.h"

namespace ssd {

namespace {

// Rows begin where vector loads like them to.
constexpr size_t kAlignment = 64;

}  // namespace

MemoryPack::MemoryPack(PictureList list)
    : table_(std::move(list), "pictures in memory"),
      there_(std::make_unique<std::atomic<bool>[]>(table_.size())) {
  for (size_t i = 0; i < size(); ++i) {
    offsets_.push_back(bytes_);
    bytes_ += (table_.bytes(i) + kAlignment - 1) / kAlignment * kAlignment;
  }
  if (bytes_ == 0) return;
  // A mapping, not a vector: nothing is written before a picture comes, and all goes back at once.
  void* const map =
      mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (map == MAP_FAILED) {
    throw Error(Code::OutOfMemory, "expected " + std::to_string(bytes_) + " bytes of memory for " +
                                       std::to_string(size()) + " pictures, got none");
  }
  pixels_ = static_cast<uint8_t*>(map);
}

MemoryPack::~MemoryPack() {
  if (pixels_ != nullptr) munmap(pixels_, bytes_);
}

void MemoryPack::put(uint32_t index, std::span<const uint8_t> pixels) {
  if (index >= size() || pixels.size() != table_.bytes(index) || there_[index]) {
    throw Error(Code::BadOption,
                "pictures in memory: expected the pixels of one that is not there "
                "yet, got " +
                    std::to_string(pixels.size()) + " bytes for picture " + std::to_string(index));
  }
  std::copy(pixels.begin(), pixels.end(), pixels_ + offsets_[index]);
  there_[index].store(true, std::memory_order_release);
}

Picture MemoryPack::take(uint32_t index, const std::stop_token&) {
  if (there_[index].load(std::memory_order_acquire)) {
    return table_.picture(index, pixels_ + offsets_[index], nullptr);
  }
  throw Error(Code::BadData, table_.path(index) + ": expected its pixels in memory, got none");
}

}  // namespace ssd
