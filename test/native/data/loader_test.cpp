#include "data/loader.h"

#include <atomic>
#include <future>
#include <numeric>
#include <set>

#include "core/error.h"
#include "data/pack.h"
#include "pictures.h"
#include "tensors.h"

namespace ssd {
namespace {

using Order = std::vector<uint32_t>;

constexpr uint32_t kPictures = 11;

std::shared_ptr<Pack> pack() {
  std::vector<Painting> paintings;
  for (uint8_t i = 0; i < kPictures; ++i) paintings.push_back(numbered_painting(i * 20, i % 3));
  // The mapping outlives the file's name.
  return std::make_shared<Pack>(PackFile(paintings).index);
}

LoaderOptions options(int32_t threads = 1) {
  return {.batch = 4,
          .frame = {24, {{100, 110, 120}, {50, 60, 70}}},
          .seed = 5,
          .threads = threads,
          .augment = AugmentOptions{}};
}

Order all() {
  Order out(kPictures);
  std::iota(out.rbegin(), out.rend(), 0U);
  return out;
}

std::vector<Batch> rest(Loader& loader, size_t count) {
  std::vector<Batch> out;
  while (out.size() < count) out.push_back(loader.next());
  return out;
}

std::vector<Batch> epoch(const LoaderOptions& options, uint32_t number,
                         const Order& order = all()) {
  Loader loader(pack(), options);
  loader.start(number, order, 0);
  return rest(loader, (order.size() + 3) / 4);
}

bool same_batch(const Batch& a, const Batch& b) {
  return same_bits(a.images, b.images) && same_bits(a.targets.boxes, b.targets.boxes) &&
         same_bits(a.targets.labels, b.targets.labels) && a.indices == b.indices;
}

bool same(const std::vector<Batch>& a, const std::vector<Batch>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), same_batch);
}

TEST(any_number_of_threads_gives_the_same_batches) {
  const auto expected = epoch(options(1), 3);
  EXPECT(same(expected, epoch(options(2), 3)));
  EXPECT(same(expected, epoch(options(4), 3)));
}

TEST(batches_are_in_order_and_the_last_may_be_smaller) {
  const auto batches = epoch(options(3), 0);
  EXPECT_EQ((std::vector<int32_t>{10, 9, 8, 7}), batches[0].indices);
  EXPECT_EQ((std::vector<int32_t>{6, 5, 4, 3}), batches[1].indices);
  EXPECT_EQ((std::vector<int32_t>{2, 1, 0}), batches[2].indices);
  EXPECT_EQ((std::vector<int64_t>{4, 3, 24, 24}), batches[0].images.sizes().vec());
  EXPECT_EQ((std::vector<int64_t>{3, 3, 24, 24}), batches[2].images.sizes().vec());
  EXPECT(batches[0].images.is_contiguous(at::MemoryFormat::ChannelsLast));
}

TEST(without_augmentation_it_is_the_whole_picture) {
  auto plain = options();
  plain.augment.reset();
  const auto batch = epoch(plain, 0).at(0);
  const auto source = pack();
  for (int64_t i = 0; i < 4; ++i) {
    const auto picture = source->picture(static_cast<size_t>(10 - i));
    const auto expected = whole(picture, Fit::Stretch, 24);
    std::vector<float> pixels(24 * 24 * 3);
    resample({&expected.layer, 1}, {&picture, 1}, plain.frame, pixels.data());
    EXPECT_NEAR(pixels, batch.images.select(0, i).permute({1, 2, 0}), 0);
    const auto count = static_cast<int64_t>(expected.truths.labels.size());
    EXPECT_NEAR(expected.truths.boxes, batch.targets.boxes.select(0, i).narrow(0, 0, count), 0);
    EXPECT_NEAR(expected.truths.labels, batch.targets.labels.select(0, i).narrow(0, 0, count), 0);
    EXPECT(batch.targets.labels.select(0, i).ge(0).sum().item<int64_t>() == count);
  }
}

TEST(a_picture_depends_on_seed_epoch_and_index_alone) {
  const auto first = epoch(options(), 0);
  // Another order and another place in the batch: picture 9 stays the same.
  const auto other = epoch(options(), 0, {1, 4, 2, 9, 0, 3, 5, 6, 7, 8, 10});
  EXPECT(same_bits(first[0].images.select(0, 1), other[0].images.select(0, 3)));
  EXPECT(!same_bits(first[0].images, epoch(options(), 1)[0].images));
  auto reseeded = options();
  reseeded.seed = 6;
  EXPECT(!same_bits(first[0].images, epoch(reseeded, 0)[0].images));
}

TEST(colours_change_only_when_asked_for) {
  auto geometry = options();
  geometry.augment =
      AugmentOptions{.photometric = false, .expand = false, .crop = false, .mirror = false};
  auto plain = options();
  plain.augment.reset();
  EXPECT(same(epoch(plain, 0), epoch(geometry, 0)));
  geometry.augment->photometric = true;
  EXPECT(!same(epoch(plain, 0), epoch(geometry, 0)));
}

TEST(a_start_drops_the_epoch_before) {
  Loader loader(pack(), options(2));
  const auto expected = epoch(options(), 1);
  for (int i = 0; i < 20; ++i) {
    loader.start(0, all(), 0);
    if (i % 2 == 0) loader.next();
    loader.start(1, all(), 0);
    EXPECT(same(expected, rest(loader, 3)));
  }
}

TEST(an_epoch_may_begin_in_its_middle) {
  Loader loader(pack(), options(2));
  loader.start(2, all(), 1);
  const auto expected = epoch(options(), 2);
  EXPECT(same({expected[1], expected[2]}, rest(loader, 2)));
  EXPECT_THROWS(Code::BadOption, loader.next());
}

TEST(there_is_nothing_past_the_end_or_before_the_start) {
  Loader loader(pack(), options(2));
  EXPECT_THROWS(Code::BadOption, loader.next());
  loader.start(0, all(), 0);
  rest(loader, 3);
  EXPECT_THROWS(Code::BadOption, loader.next());
  loader.start(0, {}, 0);
  EXPECT_THROWS(Code::BadOption, loader.next());
  loader.start(0, {4}, 0);
  EXPECT_EQ((std::vector<int32_t>{4}), loader.next().indices);
}

TEST(stop_wakes_a_next_that_waits) {
  Loader loader(pack(), options(1));
  loader.start(0, Order(400000, 1), 0);
  std::promise<void> reading;
  // It takes batches faster than one thread makes them, so it waits most of its time.
  auto reader = std::async(std::launch::async, [&] {
    loader.next();
    reading.set_value();
    for (;;) loader.next();
  });
  reading.get_future().wait();
  loader.stop();
  EXPECT_THROWS(Code::Cancelled, reader.get());
  EXPECT_THROWS(Code::Cancelled, loader.next());
  loader.stop();
}

TEST(an_index_past_the_pack_throws_and_keeps_the_epoch) {
  Loader loader(pack(), options());
  loader.start(0, all(), 0);
  EXPECT_THROWS(Code::BadOption, loader.start(1, {0, kPictures}, 0));
  EXPECT(same(epoch(options(), 0), rest(loader, 3)));
}

TEST(a_thread_that_fails_tells_the_reader) {
  auto huge = options(2);
  huge.frame.side = INT32_MAX;  // more bytes than 64 bits count
  Loader loader(pack(), huge);
  for (int i = 0; i < 2; ++i) {
    loader.start(0, all(), 0);
    std::string message;
    try {
      loader.next();
    } catch (const std::exception& error) {
      message = error.what();
    }
    EXPECT(!message.empty());
  }
}

TEST(sizes_of_nothing_throw) {
  std::vector<LoaderOptions> wrong(3, options());
  wrong[0].frame.side = wrong[1].batch = wrong[2].threads = 0;
  for (const auto& one : wrong) EXPECT_THROWS(Code::BadOption, Loader(pack(), one));
}

TEST(a_picture_that_comes_again_is_another_picture) {
  const auto batch = epoch(options(), 0, {3, 3, 5, 3, 1, 1, 1, 1, 2})[0];
  EXPECT_EQ((std::vector<int32_t>{3, 3, 5, 3}), batch.indices);
  EXPECT(!same_bits(batch.images.select(0, 0), batch.images.select(0, 1)));
  EXPECT(!same_bits(batch.images.select(0, 1), batch.images.select(0, 3)));
  // Its first time does not depend on the others.
  EXPECT(same_bits(batch.images.select(0, 0), epoch(options(), 0)[1].images.select(0, 3)));
}

TEST(mosaics_and_mixtures_do_not_depend_on_threads_either) {
  auto mixed = options(1);
  mixed.augment->mosaic = mixed.augment->mixup = 0.5F;
  const auto expected = epoch(mixed, 3);
  mixed.threads = 3;
  EXPECT(same(expected, epoch(mixed, 3)));
  size_t layers = 0;
  for (const auto& picture : expected[0].layers) layers = std::max(layers, picture.size());
  EXPECT(layers > 1);
}

TEST(buffers_are_used_again_once_a_batch_is_let_go) {
  Loader loader(pack(), options(2));
  std::set<const void*> places;
  for (uint32_t number = 0; number < 30; ++number) {
    loader.start(number, all(), 0);
    for (int i = 0; i < 3; ++i) places.insert(loader.next().images.const_data_ptr());
  }
  // As many as are made ahead, the one in hand, and what a dropped epoch still works on.
  EXPECT(places.size() <= 8);
  loader.start(0, all(), 0);
  const auto held = loader.next();
  const auto copy = held.images.clone();
  rest(loader, 2);
  loader.start(1, all(), 0);
  rest(loader, 3);
  EXPECT(same_bits(copy, held.images));
}

// Pictures that have to be fetched: counts what is announced and not taken or taken back.
class Counted : public Pictures {
 public:
  explicit Counted(uint32_t broken) : broken_(broken) {}
  size_t size() const override { return pack_->size(); }
  void want(std::span<const uint32_t> indices) override { open += indices.size(); }
  void drop(std::span<const uint32_t> indices) override { open -= indices.size(); }
  Picture take(uint32_t index, const std::stop_token& stop) override {
    --open;
    if (index == broken_) throw Error(Code::BadData, "picture " + std::to_string(index));
    return pack_->take(index, stop);
  }

  std::atomic<size_t> open = 0;

 private:
  const std::shared_ptr<Pack> pack_ = pack();
  const uint32_t broken_;
};

TEST(what_was_announced_is_taken_or_taken_back) {
  const auto pictures = std::make_shared<Counted>(UINT32_MAX);
  auto mixed = options(2);
  mixed.augment->mosaic = mixed.augment->mixup = 0.5F;
  Loader loader(pictures, mixed);
  for (uint32_t number = 0; number < 40; ++number) {
    loader.start(number, all(), number % 3);
    if (number % 2 == 0) loader.next();
  }
  loader.stop();
  EXPECT_EQ(0, pictures->open.load());
}

TEST(batches_before_a_broken_picture_come_and_then_its_error) {
  const auto pictures = std::make_shared<Counted>(4);  // in the second batch
  Loader loader(pictures, options(2));
  loader.start(0, all(), 0);
  EXPECT(same({epoch(options(), 0)[0]}, rest(loader, 1)));
  EXPECT_THROWS(Code::BadData, loader.next());
  EXPECT_THROWS(Code::BadData, loader.next());
  loader.start(1, {1, 2, 3}, 0);
  EXPECT_EQ((std::vector<int32_t>{1, 2, 3}), loader.next().indices);
  loader.stop();
  EXPECT_EQ(0, pictures->open.load());
}

// One picture is broken, and another waits until that has failed; it may be broken too.
class Arranged : public Pictures {
 public:
  Arranged(uint32_t broken, uint32_t late, bool late_is_broken)
      : broken_(broken), late_(late), late_is_broken_(late_is_broken) {}
  size_t size() const override { return pack_->size(); }
  Picture take(uint32_t index, const std::stop_token& stop) override {
    if (index == late_) failed_.get_future().wait();
    if (index == broken_) failed_.set_value();
    if (index == broken_ || (index == late_ && late_is_broken_)) {
      throw Error(Code::BadData, "picture " + std::to_string(index));
    }
    return pack_->take(index, stop);
  }

 private:
  const std::shared_ptr<Pack> pack_ = pack();
  const uint32_t broken_, late_;
  const bool late_is_broken_;
  std::promise<void> failed_;
};

LoaderOptions plain_options(int32_t threads) {
  auto plain = options(threads);
  plain.augment.reset();
  return plain;
}

TEST(a_batch_fails_for_its_first_broken_picture_whichever_thread_is_first) {
  Loader loader(std::make_shared<Arranged>(7, 9, true), plain_options(2));
  loader.start(0, all(), 0);
  try {
    loader.next();
    EXPECT(false);
  } catch (const Error& error) {
    EXPECT_EQ(std::string("picture 9"), error.what());
  }
}

TEST(a_batch_that_is_nearly_made_comes_although_the_next_is_broken) {
  Loader loader(std::make_shared<Arranged>(6, 10, false), plain_options(2));
  loader.start(0, all(), 0);
  EXPECT_EQ((std::vector<int32_t>{10, 9, 8, 7}), loader.next().indices);
  EXPECT_THROWS(Code::BadData, loader.next());
}

}  // namespace
}  // namespace ssd
