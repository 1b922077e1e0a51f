#include "data/pack.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <utility>

#include "core/crc32.h"
#include "core/error.h"

namespace ssd {

namespace {

[[noreturn]] void fail(const std::string& file, const std::string& why) {
  throw Error(Code::BadData, "pack " + file + ": " + why);
}

std::string hex(uint32_t number) {
  char text[9];
  std::snprintf(text, sizeof text, "%08x", number);
  return text;
}

}  // namespace

Pack::Pack(PackIndex index)
    : table_(std::move(static_cast<PictureList&>(index)), "pack " + index.file),
      file_(std::move(index.file)),
      offsets_(std::move(index.offsets)),
      crcs_(std::move(index.crcs)),
      sound_(std::make_unique<std::atomic<bool>[]>(table_.size())) {
  const int descriptor = open(file_.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) fail(file_, std::string("expected a readable file, got ") + strerror(errno));
  struct stat status {};
  if (fstat(descriptor, &status) == 0 && status.st_size > 0) {
    bytes_ = static_cast<size_t>(status.st_size);
    map_ = mmap(nullptr, bytes_, PROT_READ, MAP_SHARED, descriptor, 0);
  }
  close(descriptor);
  if (map_ == nullptr || map_ == MAP_FAILED) fail(file_, "expected a file that can be mapped");
  try {
    check_places();
  } catch (...) {
    munmap(map_, bytes_);
    throw;
  }
}

Pack::~Pack() {
  munmap(map_, bytes_);
}

// Every picture lies inside the file as it is now, so a pack that was cut short is an error here. A
// file that somebody shortens while it is mapped still ends the process (SIGBUS), as with any
// mapping: nothing of this package ever shortens one, a new pack is a new file under the old name.
void Pack::check_places() const {
  if (offsets_.size() != size() || crcs_.size() != size()) {
    fail(file_, "expected an index whose lists agree, got lists of other lengths");
  }
  for (size_t i = 0; i < size(); ++i) {
    const uint64_t length = table_.bytes(i);
    if (length <= bytes_ && offsets_[i] <= bytes_ - length) continue;
    fail(file_, "expected " + table_.path(i) + " inside the file of " + std::to_string(bytes_) +
                    " bytes, got an end past it");
  }
}

Picture Pack::take(uint32_t index, const std::stop_token&) {
  // Two threads may both check a picture; they find the same.
  if (!sound_[index].load(std::memory_order_relaxed)) {
    check_pixels(index);
    sound_[index].store(true, std::memory_order_relaxed);
  }
  return picture(index);
}

void Pack::check_pixels(size_t i) {
  const auto found = crc32({picture(i).pixels, table_.bytes(i)});
  if (found == crcs_[i]) return;
  fail(file_,
       "expected the pixels of " + table_.path(i) + " as they were written (crc32 " +
           hex(crcs_[i]) + "), got others (" + hex(found) +
           "): the file is damaged; \"ssd-distill data pack\" on the same data repairs it, or "
           "delete it and it is made again");
}

Picture Pack::picture(size_t i) const {
  return table_.picture(i, static_cast<const uint8_t*>(map_) + offsets_[i], nullptr);
}

}  // namespace ssd
