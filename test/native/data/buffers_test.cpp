#include "data/buffers.h"

#include "check.h"

namespace ssd {
namespace {

TEST(a_tensor_is_used_again_once_nobody_holds_it) {
  Buffers buffers({2, 3}, at::kFloat);
  const void* place = nullptr;
  {
    const auto first = buffers.take();
    EXPECT_EQ((std::vector<int64_t>{2, 3}), first.sizes().vec());
    place = first.const_data_ptr();
  }
  EXPECT(buffers.take().const_data_ptr() == place);
}

TEST(a_view_keeps_it) {
  Buffers buffers({2, 3}, at::kBFloat16);
  auto view = buffers.take().narrow(0, 0, 1);
  const void* const place = view.const_data_ptr();
  const auto second = buffers.take();
  EXPECT(second.const_data_ptr() != place);
  EXPECT(second.scalar_type() == at::kBFloat16);
  view.reset();
  EXPECT(buffers.take().const_data_ptr() == place);
}

}  // namespace
}  // namespace ssd
