#include "core/memory.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>

#include <thread>
#include <vector>

#include "check.h"

namespace ssd {
namespace {

constexpr int64_t kMany = 1 << 21;  // floats: 8 MiB

TEST(what_is_freed_serves_the_next_of_about_its_size) {
  keep_memory();
  const void* before = nullptr;
  {
    const auto first = at::empty({kMany}, at::kFloat);
    before = first.const_data_ptr();
    EXPECT(at::empty({kMany}, at::kFloat).const_data_ptr() != before);
  }
  {
    // Two are free now; the one freed last comes first.
    const auto a = at::empty({kMany - 1000}, at::kFloat), b = at::empty({kMany}, at::kFloat);
    EXPECT(a.const_data_ptr() == before);
    EXPECT(at::empty({2 * kMany}, at::kFloat).const_data_ptr() != b.const_data_ptr());
  }
  release_memory();
}

TEST(memory_is_aligned_and_all_there) {
  keep_memory();
  for (const int64_t count : std::vector<int64_t>{0, 1, 1 << 18, (1 << 18) + 1, kMany - 1}) {
    const auto filled = at::full({count}, 7, at::kFloat);
    EXPECT_EQ(0, reinterpret_cast<uintptr_t>(filled.const_data_ptr()) % 64);
    EXPECT(count == 0 || filled.min().item<float>() == 7);
  }
}

TEST(another_thread_may_free_what_one_has_made) {
  keep_memory();
  auto tensor = at::full({kMany}, 1, at::kFloat);
  const auto* const at = tensor.const_data_ptr();
  std::thread([&] { tensor.reset(); }).join();
  EXPECT(at::empty({kMany}, at::kFloat).const_data_ptr() == at);
}

TEST(releasing_leaves_what_is_in_use) {
  keep_memory();
  const auto used = at::full({kMany}, 3, at::kFloat);
  at::empty({kMany}, at::kFloat);
  release_memory();
  EXPECT_EQ(3.0F, used.max().item<float>());
}

}  // namespace
}  // namespace ssd
