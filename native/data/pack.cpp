#include "data/pack.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <utility>

#include "core/error.h"

namespace ssd {

namespace {

[[noreturn]] void fail(const std::string& file, const std::string& why) {
  throw Error(Code::BadData, "pack " + file + ": " + why);
}

}  // namespace

Pack::Pack(PackIndex index) : index_(std::move(index)) {
  const auto& file = index_.file;
  const int descriptor = open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) fail(file, std::string("expected a readable file, got ") + strerror(errno));
  struct stat status {};
  if (fstat(descriptor, &status) == 0 && status.st_size > 0) {
    bytes_ = static_cast<size_t>(status.st_size);
    map_ = mmap(nullptr, bytes_, PROT_READ, MAP_SHARED, descriptor, 0);
  }
  close(descriptor);
  if (map_ == nullptr || map_ == MAP_FAILED) fail(file, "expected a file that can be mapped");
  try {
    check(bytes_);
  } catch (...) {
    munmap(map_, bytes_);
    throw;
  }
  size_t first = 0;
  for (const auto count : index_.counts) {
    first_.push_back(first);
    first += static_cast<size_t>(count);
  }
}

Pack::~Pack() {
  munmap(map_, bytes_);
}

void Pack::check(uint64_t bytes) const {
  const size_t pictures = size();
  uint64_t truths = 0;
  for (const auto count : index_.counts)
    truths += count < 0 ? UINT32_MAX : static_cast<uint64_t>(count);
  if (index_.sizes.size() != pictures * 2 || index_.counts.size() != pictures ||
      index_.labels.size() != truths || index_.boxes.size() != truths * 4) {
    fail(index_.file, "expected an index whose lists agree, got lists of other lengths");
  }
  for (size_t i = 0; i < pictures; ++i) {
    const int64_t width = index_.sizes[i * 2], height = index_.sizes[i * 2 + 1];
    const bool positive = width > 0 && height > 0;
    const uint64_t length =
        positive ? static_cast<uint64_t>(width) * static_cast<uint64_t>(height) * 3 : 0;
    if (!positive || length > bytes || index_.offsets[i] > bytes - length) {
      fail(index_.file, "expected picture " + std::to_string(i) + " inside the file of " +
                            std::to_string(bytes) + " bytes, got an end past it");
    }
  }
}

Picture Pack::take(uint32_t index, const std::stop_token&) {
  return picture(index);
}

Picture Pack::picture(size_t i) const {
  const auto count = static_cast<size_t>(index_.counts[i]);
  return {static_cast<const uint8_t*>(map_) + index_.offsets[i],
          index_.sizes[i * 2],
          index_.sizes[i * 2 + 1],
          std::span(index_.boxes).subspan(first_[i] * 4, count * 4),
          std::span(index_.labels).subspan(first_[i], count),
          nullptr};
}

}  // namespace ssd
