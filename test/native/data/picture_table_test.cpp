#include "data/picture_table.h"

#include "check.h"
#include "core/error.h"
#include "pictures.h"

namespace ssd {
namespace {

std::vector<Painting> paintings() {
  return {numbered_painting(1, 2), numbered_painting(2, 0), numbered_painting(3, 1)};
}

// A table of the list after a change.
template <class F>
size_t size_of(F change) {
  auto list = list_of(paintings());
  change(list);
  return PictureTable(std::move(list), "holder").size();
}

TEST(truths_belong_to_their_pictures) {
  const auto expected = paintings();
  const PictureTable table(list_of(expected), "holder");
  EXPECT_EQ(3, table.size());
  const uint8_t pixel = 0;
  for (size_t i = 0; i < 3; ++i) {
    const auto from = expected[i].picture(), to = table.picture(i, &pixel, nullptr);
    EXPECT_EQ(from.width, to.width);
    EXPECT_EQ(from.height, to.height);
    EXPECT_EQ(expected[i].pixels().size(), table.bytes(i));
    EXPECT(std::ranges::equal(from.boxes, to.boxes));
    EXPECT(std::ranges::equal(from.labels, to.labels));
    EXPECT(to.pixels == &pixel);
  }
}

TEST(a_picture_without_pixels_throws) {
  EXPECT_EQ(3, size_of([](auto&) {}));
  for (const int32_t side : {0, -1, INT32_MIN}) {
    EXPECT_THROWS(Code::BadData, size_of([&](auto& list) { list.sizes[3] = side; }));
  }
  EXPECT_THROWS(Code::BadData, size_of([](auto& list) {
                  list.sizes[0] = list.sizes[1] = -4;  // whose product is positive
                }));
}

TEST(lists_that_disagree_throw) {
  EXPECT_THROWS(Code::BadData, size_of([](auto& list) { list.paths.pop_back(); }));
  EXPECT_THROWS(Code::BadData, size_of([](auto& list) { list.sizes.pop_back(); }));
  EXPECT_THROWS(Code::BadData, size_of([](auto& list) { list.counts.pop_back(); }));
  EXPECT_THROWS(Code::BadData, size_of([](auto& list) { list.boxes.pop_back(); }));
  EXPECT_THROWS(Code::BadData, size_of([](auto& list) { list.labels.pop_back(); }));
  EXPECT_THROWS(Code::BadData, size_of([](auto& list) { ++list.counts[1]; }));
  // The sum is right, the counts are not.
  EXPECT_THROWS(Code::BadData, size_of([](auto& list) { list.counts = {-1, 3, 1}; }));
}

}  // namespace
}  // namespace ssd
