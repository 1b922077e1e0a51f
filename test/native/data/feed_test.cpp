#include "data/feed.h"

#include <atomic>
#include <future>
#include <numeric>
#include <thread>

#include "check.h"
#include "core/error.h"
#include "core/thread.h"
#include "data/loader.h"
#include "data/pack.h"
#include "pictures.h"
#include "tensors.h"

namespace ssd {
namespace {

using Order = std::vector<uint32_t>;

std::vector<Painting> paintings(uint8_t count = 5) {
  std::vector<Painting> out;
  for (uint8_t i = 0; i < count; ++i) out.push_back(numbered_painting(i * 20, i % 3));
  return out;
}

// A feed and what it asked for. With `answers` a thread of its own decodes, as JavaScript would.
struct Stage {
  explicit Stage(bool answers, uint8_t count = 5)
      : pictures(paintings(count)),
        feed(std::make_shared<Feed>(list_of(pictures),
                                    [this](std::span<const uint32_t> indices) { ask(indices); })),
        answering(answers) {}
  ~Stage() { decoder.stop(); }

  void ask(std::span<const uint32_t> indices) {
    const std::lock_guard lock(mutex);
    asked.insert(asked.end(), indices.begin(), indices.end());
    if (!answering) return;
    for (const auto index : indices) {
      decoder.post([this, index] {
        if (feed->wanted(index)) put(index);
      });
    }
  }
  void put(uint32_t index) { feed->put(index, pictures[index].pixels()); }

  // Takes a picture on another thread.
  std::future<Picture> taking(uint32_t index, std::stop_token stop = {}) {
    return std::async(std::launch::async, [this, index, stop] { return feed->take(index, stop); });
  }

  std::vector<Painting> pictures;
  std::mutex mutex;
  Order asked;
  JobThread decoder;
  std::shared_ptr<Feed> feed;
  bool answering;
};

void announce(Feed& feed, const Order& order) {
  feed.want(order);
}

bool waits(const std::future<Picture>& future) {
  return future.wait_for(std::chrono::milliseconds(20)) == std::future_status::timeout;
}

TEST(a_picture_is_asked_for_once_however_often_it_is_announced) {
  Stage stage(false);
  announce(*stage.feed, {3, 1, 3});
  announce(*stage.feed, {1, 4});
  EXPECT_EQ((Order{3, 1, 4}), stage.asked);
  EXPECT(stage.feed->wanted(3));
  EXPECT(!stage.feed->wanted(0));
}

TEST(take_waits_for_the_pixels) {
  Stage stage(false);
  announce(*stage.feed, {2});
  auto taking = stage.taking(2);
  EXPECT(waits(taking));
  stage.put(2);
  const auto picture = taking.get();
  const auto expected = stage.pictures[2].pixels();
  EXPECT(std::equal(expected.begin(), expected.end(), picture.pixels));
  EXPECT_EQ(stage.pictures[2].picture().labels.size(), picture.labels.size());
}

TEST(pixels_stay_for_every_announced_use_and_go_with_the_last_reader) {
  Stage stage(false);
  announce(*stage.feed, {0, 0});
  stage.put(0);
  auto first = stage.feed->take(0, {});
  EXPECT_EQ(1, stage.feed->announced());
  auto second = stage.feed->take(0, {});
  EXPECT_EQ(0, stage.feed->announced());
  EXPECT(first.pixels == second.pixels);
  const std::weak_ptr<const void> pixels = first.owner;
  first.owner.reset();
  EXPECT(!pixels.expired());
  second.owner.reset();
  EXPECT(pixels.expired());
}

TEST(what_is_dropped_is_forgotten_and_a_late_answer_does_nothing) {
  Stage stage(false);
  announce(*stage.feed, {0, 1, 1});
  stage.feed->drop(Order{0, 1});
  EXPECT(!stage.feed->wanted(0));
  EXPECT(stage.feed->wanted(1));
  stage.put(0);
  stage.feed->fail(0, "late");
  EXPECT_EQ(1, stage.feed->announced());
  // Announced again it is asked for again.
  announce(*stage.feed, {0});
  EXPECT_EQ((Order{0, 1, 0}), stage.asked);
}

TEST(a_picture_that_cannot_be_decoded_is_an_error_for_every_use) {
  Stage stage(false);
  announce(*stage.feed, {2, 2});
  auto taking = stage.taking(2);
  stage.feed->fail(2, "a.jpg: no picture");
  try {
    taking.get();
    EXPECT(false);
  } catch (const Error& error) {
    EXPECT(error.code == Code::BadData);
    EXPECT_EQ(std::string("a.jpg: no picture"), std::string(error.what()));
  }
  stage.put(2);  // too late
  EXPECT_THROWS(Code::BadData, stage.feed->take(2, {}));
  EXPECT_EQ(0, stage.feed->announced());
}

TEST(a_picture_that_was_not_announced_can_be_taken) {
  Stage stage(true);
  const auto picture = stage.feed->take(4, {});
  EXPECT_EQ(stage.pictures[4].pixels()[0], picture.pixels[0]);
}

TEST(a_stop_wakes_who_waits) {
  Stage stage(false);
  announce(*stage.feed, {1, 1});
  std::stop_source stop;
  auto taking = stage.taking(1, stop.get_token());
  EXPECT(waits(taking));
  stop.request_stop();
  EXPECT_THROWS(Code::Cancelled, taking.get());
  EXPECT_EQ(1, stage.feed->announced());  // the other use
  EXPECT_THROWS(Code::Cancelled, stage.feed->take(1, stop.get_token()));
  EXPECT_EQ(0, stage.feed->announced());
}

TEST(closing_wakes_everybody_and_answers_come_to_nothing) {
  Stage stage(false);
  announce(*stage.feed, {1, 2});
  auto first = stage.taking(1), second = stage.taking(2);
  EXPECT(waits(first));
  stage.feed->close();
  EXPECT_THROWS(Code::Cancelled, first.get());
  EXPECT_THROWS(Code::Cancelled, second.get());
  EXPECT_THROWS(Code::Cancelled, stage.feed->take(3, {}));
  stage.put(1);
  announce(*stage.feed, {4});
  EXPECT_EQ((Order{1, 2}), stage.asked);
  EXPECT_EQ(0, stage.feed->announced());
}

TEST(dropping_what_somebody_waits_for_wakes_them) {
  Stage stage(false);
  announce(*stage.feed, {1});
  auto taking = stage.taking(1);
  EXPECT(waits(taking));
  stage.feed->drop(Order{1});
  EXPECT_THROWS(Code::Cancelled, taking.get());
}

TEST(what_does_not_fit_throws) {
  Stage stage(false);
  announce(*stage.feed, {0});
  EXPECT_THROWS(Code::BadOption, announce(*stage.feed, {5}));
  EXPECT_THROWS(Code::BadOption, stage.feed->put(5, {}));
  EXPECT_THROWS(Code::BadOption, stage.feed->put(0, stage.pictures[0].pixels().subspan(1)));
  EXPECT_THROWS(Code::BadOption, stage.feed->fail(5, "x"));
  EXPECT_EQ(1, stage.feed->announced());
}

TEST(many_threads_take_and_drop_at_random_and_nothing_is_left) {
  Stage stage(true);
  std::vector<std::future<void>> takers;
  for (uint32_t thread = 0; thread < 4; ++thread) {
    takers.push_back(std::async(std::launch::async, [&stage, thread] {
      for (uint32_t i = 0; i < 500; ++i) {
        const uint32_t index = (i * 7 + thread * 3) % 5;
        stage.feed->want({&index, 1});
        if ((i + thread) % 3 == 0) {
          stage.feed->drop({&index, 1});
          continue;
        }
        const auto picture = stage.feed->take(index, {});
        if (picture.pixels[0] != stage.pictures[index].pixels()[0]) std::abort();
      }
    }));
  }
  for (auto& taker : takers) taker.get();
  EXPECT_EQ(0, stage.feed->announced());
}

LoaderOptions options(int32_t threads) {
  return {.batch = 4,
          .frame = {.side = 24},
          .seed = 5,
          .threads = threads,
          .augment = AugmentOptions{}};
}

Order all(uint32_t count) {
  Order out(count);
  std::iota(out.begin(), out.end(), 0U);
  return out;
}

TEST(a_loader_makes_the_batches_of_the_pack) {
  Stage stage(true, 11);
  const PackFile file(stage.pictures);
  for (const int32_t threads : {1, 3}) {
    Loader fed(stage.feed, options(threads));
    Loader packed(std::make_shared<Pack>(file.index), options(1));
    for (uint32_t epoch = 0; epoch < 3; ++epoch) {
      fed.start(epoch, all(11), 0);
      packed.start(epoch, all(11), 0);
      for (int i = 0; i < 3; ++i) {
        const auto expected = packed.next(), got = fed.next();
        EXPECT(same_bits(expected.images, got.images));
        EXPECT(same_bits(expected.targets.boxes, got.targets.boxes));
      }
    }
    EXPECT_EQ(0, stage.feed->announced());
  }
}

TEST(a_loader_announces_no_more_than_it_works_ahead) {
  Stage stage(true, 11);
  Loader loader(stage.feed, options(1));
  loader.start(0, all(11), 0);
  loader.next();
  EXPECT(stage.feed->announced() <= 8);
}

TEST(a_loader_that_starts_anew_or_stops_takes_its_announcements_back) {
  Stage stage(false, 11);
  Loader loader(stage.feed, options(1));
  loader.start(0, all(11), 0);
  while (stage.feed->announced() < 8) std::this_thread::yield();
  loader.start(1, {9}, 0);  // its thread still waits for the picture it has claimed
  EXPECT_EQ(1, stage.feed->announced());
  loader.stop();
  EXPECT_EQ(0, stage.feed->announced());
}

TEST(a_loader_tells_which_picture_failed) {
  Stage stage(false, 11);
  Loader loader(stage.feed, options(2));
  loader.start(0, all(11), 0);
  auto reader = std::async(std::launch::async, [&] { loader.next(); });
  while (!stage.feed->wanted(2)) std::this_thread::yield();
  for (const uint32_t index : {0U, 1U, 3U}) stage.put(index);
  stage.feed->fail(2, "c.jpg: truncated");
  EXPECT_THROWS(Code::BadData, reader.get());
}

TEST(a_feed_may_be_closed_under_a_loader) {
  Stage stage(false, 11);
  Loader loader(stage.feed, options(2));
  loader.start(0, all(11), 0);
  auto reader = std::async(std::launch::async, [&] { loader.next(); });
  while (stage.feed->announced() < 8) std::this_thread::yield();
  stage.feed->close();
  EXPECT_THROWS(Code::Cancelled, reader.get());
}

}  // namespace
}  // namespace ssd
