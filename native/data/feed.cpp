#include "data/feed.h"

#include <utility>

#include "core/error.h"

namespace ssd {

Feed::Feed(PictureList list, Ask ask)
    : table_(std::move(list), "pictures on the fly"), ask_(std::move(ask)) {}

void Feed::check(uint32_t index) const {
  if (index < size()) return;
  throw Error(Code::BadOption, "pictures on the fly: expected indices under " +
                                   std::to_string(size()) + ", got " + std::to_string(index));
}

void Feed::want(std::span<const uint32_t> indices) {
  for (const auto index : indices) check(index);
  std::vector<uint32_t> fresh;
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    for (const auto index : indices) {
      if (entries_[index].uses++ == 0) fresh.push_back(index);
    }
  }
  if (!fresh.empty()) ask_(fresh);
}

void Feed::drop(std::span<const uint32_t> indices) {
  {
    const std::lock_guard lock(mutex_);
    for (const auto index : indices) use_up(index);
  }
  answered_.notify_all();
}

void Feed::use_up(uint32_t index) {
  const auto entry = entries_.find(index);
  if (entry != entries_.end() && --entry->second.uses == 0) entries_.erase(entry);
}

Picture Feed::take(uint32_t index, const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  if (!entries_.contains(index)) {
    lock.unlock();
    want({&index, 1});
    lock.lock();
  }
  // Found anew each time: what is dropped while somebody waits for it is gone.
  auto entry = entries_.end();
  answered_.wait(lock, stop, [&] {
    entry = entries_.find(index);
    return closed_ || entry == entries_.end() || entry->second.answered();
  });
  if (closed_ || stop.stop_requested() || entry == entries_.end()) {
    use_up(index);
    throw Error(Code::Cancelled, table_.path(index) + ": nobody waits for it any more");
  }
  const auto pixels = entry->second.pixels;
  const auto failure = entry->second.failure;
  use_up(index);
  lock.unlock();
  if (failure) throw Error(Code::BadData, *failure);
  return table_.picture(index, pixels->data(), pixels);
}

void Feed::put(uint32_t index, std::span<const uint8_t> pixels) {
  check(index);
  if (pixels.size() != table_.bytes(index)) {
    throw Error(Code::BadOption, table_.path(index) + ": expected " +
                                     std::to_string(table_.bytes(index)) +
                                     " bytes of pixels, got " + std::to_string(pixels.size()));
  }
  if (!wanted(index)) return;
  // Copied without the lock; whoever was faster has the same pixels.
  auto copy = std::make_shared<const std::vector<uint8_t>>(pixels.begin(), pixels.end());
  {
    const std::lock_guard lock(mutex_);
    const auto entry = entries_.find(index);
    if (entry == entries_.end() || entry->second.answered()) return;
    entry->second.pixels = std::move(copy);
  }
  answered_.notify_all();
}

void Feed::fail(uint32_t index, const std::string& sentence) {
  check(index);
  {
    const std::lock_guard lock(mutex_);
    const auto entry = entries_.find(index);
    if (entry == entries_.end() || entry->second.answered()) return;
    entry->second.failure = sentence;
  }
  answered_.notify_all();
}

bool Feed::wanted(uint32_t index) const {
  const std::lock_guard lock(mutex_);
  const auto entry = entries_.find(index);
  return !closed_ && entry != entries_.end() && !entry->second.answered();
}

void Feed::close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    entries_.clear();
  }
  answered_.notify_all();
}

size_t Feed::announced() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

}  // namespace ssd
