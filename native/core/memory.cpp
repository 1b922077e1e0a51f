#include "core/memory.h"

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <c10/core/impl/alloc_cpu.h>
#include <c10/util/Exception.h>

#ifdef __linux__
#include <sys/mman.h>
#endif

#include <bit>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

namespace ssd {

namespace {

// Smaller ones the system's own allocator keeps well enough.
constexpr size_t kLarge = size_t{1} << 20;
// Two or three steps of a large model.
constexpr uint64_t kPatience = 8192;

// Sizes that differ by less than an eighth share memory.
size_t rounded(size_t size) {
  const size_t step = std::bit_floor(size) / 8;
  return (size + step - 1) / step * step;
}

void* fresh(size_t size) {
  void* const block = c10::alloc_cpu(size);
#ifdef MADV_HUGEPAGE
  // A hint; where it is refused, pages are small.
  constexpr uintptr_t kHuge = uintptr_t{1} << 21;
  const auto begin = (reinterpret_cast<uintptr_t>(block) + kHuge - 1) / kHuge * kHuge;
  const auto end = (reinterpret_cast<uintptr_t>(block) + size) / kHuge * kHuge;
  if (begin < end) madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);
#endif
  return block;
}

class Keeper final : public c10::Allocator {
 public:
  c10::DataPtr allocate(size_t size) override {
    void* const block = size < kLarge ? c10::alloc_cpu(size) : take(rounded(size));
    return {block, block, &give_back, c10::Device(c10::DeviceType::CPU)};
  }

  c10::DeleterFnPtr raw_deleter() const override { return &give_back; }

  void copy_data(void* to, const void* from, size_t count) const override {
    default_copy_data(to, from, count);
  }

  void release(uint64_t unused_for) {
    const std::lock_guard lock(mutex_);
    drop(unused_for);
  }

  static Keeper& instance() {
    // Never destroyed: tensors of other statics may outlive it.
    static auto& keeper = *new Keeper;
    return keeper;
  }

 private:
  struct Kept {
    void* block;
    uint64_t since;  // in requests
  };

  static void give_back(void* block) {
    if (block != nullptr && !instance().keep(block)) c10::free_cpu(block);
  }

  void* take(size_t size) {
    const std::lock_guard lock(mutex_);
    if (++requests_ % (kPatience / 8) == 0) drop(kPatience);
    auto& kept = kept_[size];
    void* block = nullptr;
    if (!kept.empty()) {
      block = kept.back().block;
      kept.pop_back();
    } else {
      try {
        block = fresh(size);
      } catch (const c10::Error&) {
        drop(0);
        block = fresh(size);
      }
    }
    sizes_[block] = size;
    return block;
  }

  bool keep(void* block) {
    const std::lock_guard lock(mutex_);
    const auto found = sizes_.find(block);
    if (found == sizes_.end()) return false;
    kept_[found->second].push_back({block, requests_});
    sizes_.erase(found);
    return true;
  }

  void drop(uint64_t unused_for) {
    for (auto& [size, kept] : kept_) {
      std::erase_if(kept, [&](const Kept& one) {
        const bool old = requests_ - one.since >= unused_for;
        if (old) c10::free_cpu(one.block);
        return old;
      });
    }
  }

  std::mutex mutex_;
  std::map<size_t, std::vector<Kept>> kept_;  // by size, the one used last at the end
  std::unordered_map<void*, size_t> sizes_;   // of what is in use
  uint64_t requests_ = 0;
};

}  // namespace

void keep_memory() {
  c10::SetCPUAllocator(&Keeper::instance(), /*priority=*/1);
}

void release_memory() {
  Keeper::instance().release(0);
}

}  // namespace ssd
