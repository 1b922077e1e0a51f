#include "data/loader.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <string>
#include <utility>

#include "core/error.h"

namespace ssd {

Loader::Loader(std::shared_ptr<Pictures> pictures, LoaderOptions options)
    : pictures_(std::move(pictures)),
      options_(std::move(options)),
      order_(std::make_shared<std::vector<uint32_t>>()) {
  if (options_.side <= 0 || options_.batch <= 0 || options_.threads <= 0) {
    throw Error(Code::BadOption, "loader: expected a positive size, batch and number of threads");
  }
  for (int32_t i = 0; i < options_.threads; ++i) threads_.emplace_back([this] { work(); });
}

Loader::~Loader() {
  stop();
}

void Loader::start(uint32_t epoch, std::vector<uint32_t> order, size_t from) {
  for (const auto index : order) {
    if (index < pictures_->size()) continue;
    throw Error(Code::BadOption, "loader: expected indices under " +
                                     std::to_string(pictures_->size()) + ", got " +
                                     std::to_string(index));
  }
  {
    const std::lock_guard lock(mutex_);
    drop_announced();
    epoch_ = epoch;
    ++generation_;
    order_ = std::make_shared<const std::vector<uint32_t>>(std::move(order));
    announced_ = claimed_ = taken_ = from;
    made_.clear();
    failure_ = nullptr;
  }
  work_.notify_all();
}

size_t Loader::batches() const {
  const auto batch = static_cast<size_t>(options_.batch);
  return (order_->size() + batch - 1) / batch;
}

std::span<const uint32_t> Loader::batch(size_t number) const {
  const auto size = static_cast<size_t>(options_.batch);
  const size_t first = number * size;
  return std::span(*order_).subspan(first, std::min(size, order_->size() - first));
}

void Loader::drop_announced() {
  for (; announced_ > claimed_; --announced_) pictures_->drop(batch(announced_ - 1));
}

Batch Loader::next() {
  std::unique_lock lock(mutex_);
  if (!stopping_ && taken_ >= batches()) {
    throw Error(Code::BadOption, "loader: expected a batch left in the epoch, got its end");
  }
  ready_.wait(lock, [this] { return stopping_ || failure_ || made_.contains(taken_); });
  if (stopping_) throw Error(Code::Cancelled, "the loader was stopped");
  if (failure_) std::rethrow_exception(failure_);
  auto node = made_.extract(taken_++);
  lock.unlock();
  work_.notify_one();
  return std::move(node.mapped());
}

void Loader::stop() {
  {
    const std::lock_guard lock(mutex_);
    drop_announced();
    stopping_ = true;
  }
  stop_.request_stop();
  work_.notify_all();
  ready_.notify_all();
  for (auto& thread : threads_) thread.join();
  threads_.clear();
}

void Loader::work() {
  // One more batch than there are threads is made ahead: enough to hide a step, little to drop.
  const auto ahead = static_cast<size_t>(options_.threads) + 1;
  for (;;) {
    std::unique_lock lock(mutex_);
    work_.wait(lock, [&] {
      return stopping_ || (!failure_ && claimed_ < batches() && claimed_ < taken_ + ahead);
    });
    if (stopping_) return;
    while (announced_ < std::min(batches(), taken_ + ahead)) pictures_->want(batch(announced_++));
    const size_t number = claimed_++;
    const auto generation = generation_;
    const auto epoch = epoch_;
    const auto order = order_;  // keeps what `chosen` looks at
    const auto chosen = batch(number);
    lock.unlock();
    std::optional<Batch> batch;
    std::exception_ptr failure;
    try {
      batch = make(epoch, chosen);
    } catch (...) {
      failure = std::current_exception();
    }
    lock.lock();
    if (generation != generation_) continue;
    if (batch) made_.emplace(number, std::move(*batch));
    if (failure) failure_ = failure;
    lock.unlock();
    ready_.notify_all();
  }
}

Batch Loader::make(uint32_t epoch, std::span<const uint32_t> chosen) const {
  const auto side = options_.side;
  const auto count = static_cast<int64_t>(chosen.size());
  // Channels last in memory, which is what the network works on.
  const auto images = at::empty({count, side, side, 3}, at::kFloat);
  float* out = images.data_ptr<float>();
  std::vector<Truths> truths;
  for (size_t i = 0; i < chosen.size();
       ++i, out += static_cast<size_t>(side) * static_cast<size_t>(side) * 3) {
    const auto picture = take(chosen.subspan(i));
    Random random(options_.seed, epoch, chosen[i]);
    auto drawn = options_.augment ? augment(picture, *options_.augment, random) : whole(picture);
    const auto* colour =
        options_.augment && options_.augment->photometric ? &drawn.colour : nullptr;
    resample(picture.pixels, picture.width, picture.height, drawn.view, side, colour,
             options_.normalisation, out);
    truths.push_back(std::move(drawn.truths));
  }
  return {images.permute({0, 3, 1, 2}), pad(truths), {chosen.begin(), chosen.end()}};
}

// The first of `rest`; when it cannot be had the batch is none, and the others are not taken.
Picture Loader::take(std::span<const uint32_t> rest) const {
  try {
    return pictures_->take(rest.front(), stop_.get_token());
  } catch (...) {
    pictures_->drop(rest.subspan(1));
    throw;
  }
}

}  // namespace ssd
