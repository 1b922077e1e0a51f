#include "data/loader.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <string>
#include <utility>

#include "core/error.h"

namespace ssd {

Loader::Loader(std::shared_ptr<const Pack> pack, LoaderOptions options)
    : pack_(std::move(pack)),
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
    if (index < pack_->size()) continue;
    throw Error(Code::BadOption, "loader: expected indices under " + std::to_string(pack_->size()) +
                                     ", got " + std::to_string(index));
  }
  {
    const std::lock_guard lock(mutex_);
    epoch_ = epoch;
    ++generation_;
    order_ = std::make_shared<const std::vector<uint32_t>>(std::move(order));
    claimed_ = taken_ = from;
    made_.clear();
    failure_ = nullptr;
  }
  work_.notify_all();
}

size_t Loader::batches() const {
  const auto batch = static_cast<size_t>(options_.batch);
  return (order_->size() + batch - 1) / batch;
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
    stopping_ = true;
  }
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
    const size_t number = claimed_++;
    const auto generation = generation_;
    const auto epoch = epoch_;
    const auto order = order_;
    lock.unlock();
    std::optional<Batch> batch;
    std::exception_ptr failure;
    try {
      batch = make(epoch, *order, number);
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

Batch Loader::make(uint32_t epoch, const std::vector<uint32_t>& order, size_t number) const {
  const auto side = options_.side;
  const size_t first = number * static_cast<size_t>(options_.batch);
  const size_t count = std::min(static_cast<size_t>(options_.batch), order.size() - first);
  // Channels last in memory, which is what the network works on.
  const auto images = at::empty({static_cast<int64_t>(count), side, side, 3}, at::kFloat);
  float* out = images.data_ptr<float>();
  std::vector<Truths> truths;
  std::vector<int32_t> indices;
  for (size_t i = 0; i < count;
       ++i, out += static_cast<size_t>(side) * static_cast<size_t>(side) * 3) {
    const auto index = order[first + i];
    const auto picture = pack_->picture(index);
    Random random(options_.seed, epoch, index);
    auto drawn = options_.augment ? augment(picture, *options_.augment, random) : whole(picture);
    const auto* colour =
        options_.augment && options_.augment->photometric ? &drawn.colour : nullptr;
    resample(picture.pixels, picture.width, picture.height, drawn.view, side, colour,
             options_.normalisation, out);
    truths.push_back(std::move(drawn.truths));
    indices.push_back(static_cast<int32_t>(index));
  }
  return {images.permute({0, 3, 1, 2}), pad(truths), std::move(indices)};
}

}  // namespace ssd
