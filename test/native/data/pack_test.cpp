#include "data/pack.h"

#include <filesystem>
#include <fstream>
#include <future>

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

// What a reader is told when a picture cannot be taken.
std::string failure(Pack& pack, uint32_t index) {
  try {
    pack.take(index, {});
  } catch (const Error& error) {
    return error.code == Code::BadData ? error.what() : "another code";
  }
  return "none";
}

TEST(a_damaged_picture_is_an_error_with_its_name_and_the_others_are_not) {
  const PackFile file(paintings());
  {
    std::fstream bytes(file.index.file, std::ios::in | std::ios::out | std::ios::binary);
    bytes.seekp(static_cast<std::streamoff>(file.index.offsets[1]) + 50);
    bytes.put(static_cast<char>(0x55));
  }
  Pack pack(file.index);
  for (int time = 0; time < 2; ++time) {
    const auto message = failure(pack, 1);
    EXPECT(message.find(file.index.file) != std::string::npos);
    EXPECT(message.find("painting 1") != std::string::npos);
    EXPECT(message.find("data pack") != std::string::npos);
    EXPECT_EQ("none", failure(pack, 0));
    EXPECT_EQ("none", failure(pack, 2));
  }
}

TEST(a_picture_is_checked_once) {
  const PackFile file(paintings());
  Pack pack(file.index);
  const auto picture = pack.take(0, {});
  {
    std::fstream bytes(file.index.file, std::ios::in | std::ios::out | std::ios::binary);
    bytes.seekp(static_cast<std::streamoff>(file.index.offsets[0]));
    bytes.put(static_cast<char>(0x55));
  }
  EXPECT_EQ("none", failure(pack, 0));
  EXPECT_EQ(0x55, picture.pixels[0]);  // one mapping, no copy
}

TEST(threads_may_take_the_same_pictures) {
  const PackFile file(paintings());
  Pack pack(file.index);
  std::vector<std::future<void>> takers;
  for (int i = 0; i < 4; ++i) {
    takers.push_back(std::async(std::launch::async, [&pack] {
      for (uint32_t at = 0; at < 300; ++at) pack.take(at % 3, {});
    }));
  }
  for (auto& taker : takers) taker.get();
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

TEST(lists_that_disagree_throw) {
  const PackFile file(paintings());
  const auto& index = file.index;
  EXPECT_THROWS(Code::BadData, size_of(index, [](auto& list) { list.offsets.pop_back(); }));
  EXPECT_THROWS(Code::BadData, size_of(index, [](auto& list) { list.crcs.pop_back(); }));
  EXPECT_THROWS(Code::BadData, size_of(index, [](auto& list) { list.sizes[3] = 0; }));
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
