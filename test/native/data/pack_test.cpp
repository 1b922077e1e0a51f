#include "data/pack.h"

#include <filesystem>
#include <fstream>

#include "check.h"
#include "core/error.h"
#include "pictures.h"

namespace ssd {
namespace {

std::vector<Painting> paintings() {
  Painting last(12, 8, {1, 2, 3});
  last.object(3, 4, 10, 7, {4, 5, 6}, 7).pixel(11, 0, {9, 8, 7});
  return {numbered_painting(1, 2), numbered_painting(2, 0), last};
}

// The index after a change.
template <class F>
size_t size_of(PackIndex index, F change) {
  change(index);
  return Pack(std::move(index)).size();
}

TEST(pictures_come_back_as_they_were_written) {
  const auto expected = paintings();
  const PackFile file(expected);
  const Pack pack(file.index);
  EXPECT_EQ(3, pack.size());
  for (size_t i = 0; i < 3; ++i) {
    const auto from = expected[i].picture(), to = pack.picture(i);
    EXPECT_EQ(from.width, to.width);
    EXPECT_EQ(from.height, to.height);
    EXPECT(std::equal(from.pixels, from.pixels + from.width * from.height * 3, to.pixels));
  }
}

TEST(truths_belong_to_their_pictures) {
  const PackFile file(paintings());
  const Pack pack(file.index);
  const auto labels = [&](size_t i) {
    const auto found = pack.picture(i).labels;
    return std::vector<int32_t>(found.begin(), found.end());
  };
  EXPECT_EQ((std::vector<int32_t>{0, 1}), labels(0));
  EXPECT_EQ((std::vector<int32_t>{}), labels(1));
  EXPECT_EQ((std::vector<int32_t>{7}), labels(2));
  const auto boxes = pack.picture(2).boxes;
  EXPECT_EQ((std::vector<float>{3, 4, 10, 7}), (std::vector<float>{boxes.begin(), boxes.end()}));
}

TEST(a_pack_may_be_empty) {
  const PackFile file(std::vector<Painting>{});
  EXPECT_EQ(0, Pack(file.index).size());
}

TEST(a_picture_that_ends_past_the_file_throws) {
  const PackFile file(paintings());
  const auto& index = file.index;
  EXPECT_EQ(3, size_of(index, [](PackIndex&) {}));
  EXPECT_THROWS(Code::BadData, size_of(index, [](auto& list) { ++list.offsets[2]; }));
  EXPECT_THROWS(Code::BadData, size_of(index, [](auto& list) { ++list.sizes[4]; }));
  // Sums and products that do not fit into 64 or 32 bits.
  EXPECT_THROWS(Code::BadData, size_of(index, [](auto& list) { list.offsets[0] = UINT64_MAX; }));
  EXPECT_THROWS(Code::BadData,
                size_of(index, [](auto& list) { list.sizes[0] = list.sizes[1] = INT32_MAX; }));
}

TEST(a_picture_without_pixels_throws) {
  const PackFile file(paintings());
  for (const int32_t side : {0, -1, INT32_MIN}) {
    EXPECT_THROWS(Code::BadData, size_of(file.index, [&](auto& list) { list.sizes[3] = side; }));
  }
  EXPECT_THROWS(Code::BadData, size_of(file.index, [](auto& list) {
                  list.sizes[0] = list.sizes[1] = -4;  // whose product is positive
                }));
}

TEST(lists_that_disagree_throw) {
  const PackFile file(paintings());
  const auto& index = file.index;
  EXPECT_THROWS(Code::BadData, size_of(index, [](auto& list) { list.offsets.pop_back(); }));
  EXPECT_THROWS(Code::BadData, size_of(index, [](auto& list) { list.sizes.pop_back(); }));
  EXPECT_THROWS(Code::BadData, size_of(index, [](auto& list) { list.counts.pop_back(); }));
  EXPECT_THROWS(Code::BadData, size_of(index, [](auto& list) { list.boxes.pop_back(); }));
  EXPECT_THROWS(Code::BadData, size_of(index, [](auto& list) { list.labels.pop_back(); }));
  EXPECT_THROWS(Code::BadData, size_of(index, [](auto& list) { ++list.counts[1]; }));
  // The sum is right, the counts are not.
  EXPECT_THROWS(Code::BadData, size_of(index, [](auto& list) { list.counts = {-1, 3, 1}; }));
}

TEST(a_file_that_cannot_be_read_throws_with_its_name) {
  const PackFile file(paintings());
  const auto with = [&](const std::string& name) {
    return size_of(file.index, [&](auto& list) { list.file = name; });
  };
  EXPECT_THROWS(Code::BadData, with(file.index.file + ".missing"));
  EXPECT_THROWS(Code::BadData, with(std::filesystem::temp_directory_path().string()));
  try {
    with(file.index.file + ".missing");
  } catch (const Error& error) {
    EXPECT(std::string(error.what()).find(file.index.file + ".missing") != std::string::npos);
  }
  std::ofstream(file.index.file, std::ios::trunc);
  EXPECT_THROWS(Code::BadData, with(file.index.file));  // empty
}

}  // namespace
}  // namespace ssd
