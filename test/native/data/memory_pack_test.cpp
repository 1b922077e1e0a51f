#include "data/memory_pack.h"

#include "check.h"
#include "core/error.h"
#include "pictures.h"

namespace ssd {
namespace {

std::vector<Painting> paintings() {
  return {numbered_painting(1, 2), numbered_painting(2, 0), numbered_painting(3, 1)};
}

TEST(pictures_come_back_as_they_were_put_in) {
  const auto expected = paintings();
  MemoryPack pack(list_of(expected));
  for (const uint32_t i : {2U, 0U, 1U}) pack.put(i, expected[i].pixels());
  for (uint32_t i = 0; i < 3; ++i) {
    const auto picture = pack.take(i, {});
    const auto pixels = expected[i].pixels();
    EXPECT(std::equal(pixels.begin(), pixels.end(), picture.pixels));
    EXPECT(std::ranges::equal(expected[i].picture().labels, picture.labels));
  }
}

TEST(a_picture_that_was_not_put_in_throws) {
  const auto expected = paintings();
  MemoryPack pack(list_of(expected));
  pack.put(0, expected[0].pixels());
  pack.take(0, {});
  EXPECT_THROWS(Code::BadData, pack.take(1, {}));
}

TEST(what_does_not_fit_throws_and_changes_nothing) {
  const auto expected = paintings();
  MemoryPack pack(list_of(expected));
  EXPECT_THROWS(Code::BadOption, pack.put(3, expected[0].pixels()));
  EXPECT_THROWS(Code::BadOption, pack.put(0, expected[0].pixels().subspan(1)));
  EXPECT_THROWS(Code::BadData, pack.take(0, {}));
  pack.put(0, expected[0].pixels());
  // A thread may be reading it.
  EXPECT_THROWS(Code::BadOption, pack.put(0, expected[0].pixels()));
}

TEST(more_than_there_is_memory_for_throws) {
  PictureList huge{{"huge"}, {INT32_MAX, INT32_MAX}, {0}, {}, {}};
  EXPECT_THROWS(Code::OutOfMemory, MemoryPack(std::move(huge)));
}

TEST(it_may_be_empty) {
  EXPECT_EQ(0, MemoryPack(PictureList{}).size());
}

}  // namespace
}  // namespace ssd
