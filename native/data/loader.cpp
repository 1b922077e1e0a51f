#include "data/loader.h"

#include <algorithm>
#include <string>
#include <utility>

#include "core/error.h"

namespace ssd {

namespace {

// Batches that are made ahead: enough to hide a step that waits, little to drop.
constexpr size_t kAhead = 3;

LoaderOptions checked(LoaderOptions options) {
  if (options.frame.side > 0 && options.batch > 0 && options.threads > 0) return options;
  throw Error(Code::BadOption, "loader: expected a positive size, batch and number of threads");
}

}  // namespace

Loader::Loader(std::shared_ptr<Pictures> pictures, LoaderOptions options)
    : pictures_(std::move(pictures)),
      options_(checked(std::move(options))),
      buffers_({options_.batch, options_.frame.side, options_.frame.side, 3},
               options_.frame.dtype) {
  const bool on_device = !options_.device.is_cpu() && resamples_on(options_.device);
  if (options_.resident && !on_device) {
    throw Error(Code::NoCuda, "loader: expected the engine's CUDA kernels to keep pictures on " +
                                  options_.device.str() + ", got an engine without");
  }
  // Without a kernel the pictures are made here and whoever takes a batch moves it.
  if (on_device) renderer_.emplace(*pictures_, options_.device, options_.resident);
  for (int32_t i = 0; i < options_.threads; ++i) threads_.emplace_back([this] { work(); });
}

Loader::~Loader() {
  stop();
}

void Loader::start(uint32_t epoch, std::vector<uint32_t> order, size_t from) {
  std::vector<uint32_t> seen(pictures_->size()), repeats;
  repeats.reserve(order.size());
  for (const auto index : order) {
    if (index >= seen.size()) {
      throw Error(Code::BadOption, "loader: expected indices under " + std::to_string(seen.size()) +
                                       ", got " + std::to_string(index));
    }
    repeats.push_back(seen[index]++);
  }
  {
    const std::lock_guard lock(mutex_);
    drop_slots();
    epoch_ = epoch;
    ++generation_;
    order_ = std::move(order);
    repeats_ = std::move(repeats);
    taken_ = from;
    failure_ = nullptr;
  }
  work_.notify_all();
}

size_t Loader::batches() const {
  const auto batch = static_cast<size_t>(options_.batch);
  return (order_.size() + batch - 1) / batch;
}

Batch Loader::next() {
  std::unique_lock lock(mutex_);
  if (!stop_.stop_requested() && taken_ >= batches()) {
    throw Error(Code::BadOption, "loader: expected a batch left in the epoch, got its end");
  }
  const auto made = [this] { return !slots_.empty() && slots_.front()->ready; };
  ready_.wait(lock, [&] { return stop_.stop_requested() || failure_ || made(); });
  if (stop_.stop_requested()) throw Error(Code::Cancelled, "the loader was stopped");
  if (!made()) std::rethrow_exception(failure_);
  const auto slot = std::move(slots_.front());
  slots_.pop_front();
  ++taken_;
  lock.unlock();
  work_.notify_all();
  Batch out;
  std::vector<Truths> truths;
  for (size_t i = 0; i < slot->samples.size(); ++i) {
    auto& sample = slot->samples[i];
    truths.push_back(std::move(sample.truths));
    out.layers.push_back(std::move(sample.layers));
    out.indices.push_back(static_cast<int32_t>(slot->recipes[i].members.front()));
  }
  if (renderer_) renderer_->use(slot->rendered);
  out.images = slot->rendered.images.permute({0, 3, 1, 2});
  out.targets = pad(truths);
  return out;
}

void Loader::stop() {
  {
    const std::lock_guard lock(mutex_);
    stop_.request_stop();
    drop_slots();
  }
  work_.notify_all();
  ready_.notify_all();
  for (auto& thread : threads_) thread.join();
  threads_.clear();
}

// What was announced and is no worker's yet is taken back.
void Loader::drop_slots() {
  for (const auto& slot : slots_) {
    for (size_t i = slot->claimed; i < slot->recipes.size(); ++i) {
      pictures_->drop(slot->recipes[i].members);
    }
  }
  slots_.clear();
}

bool Loader::has_work() const {
  if (failure_) return false;
  return has_room() || std::any_of(slots_.begin(), slots_.end(), unclaimed);
}

bool Loader::has_room() const {
  return slots_.size() < kAhead && taken_ + slots_.size() < batches();
}

bool Loader::unclaimed(const std::shared_ptr<Slot>& slot) {
  return slot->claimed < slot->recipes.size();
}

void Loader::work() {
  const auto stop = stop_.get_token();
  for (;;) {
    std::unique_lock lock(mutex_);
    work_.wait(lock, [&] { return stop.stop_requested() || has_work(); });
    if (stop.stop_requested()) return;
    std::exception_ptr failure;
    const auto generation = generation_;
    std::shared_ptr<Slot> whole;
    try {
      const auto [slot, picture] = claim();
      lock.unlock();
      make(*slot, picture);
      // Whoever makes the last picture closes the batch.
      if (++slot->done == slot->recipes.size()) {
        if (renderer_) slot->rendered = renderer_->render(slot->staged, options_.frame);
        whole = slot;
      }
    } catch (...) {
      failure = std::current_exception();
    }
    if (!lock.owns_lock()) lock.lock();
    if (generation != generation_) continue;
    if (!failure && !whole) continue;
    if (failure) failure_ = failure;
    if (whole) whole->ready = true;
    lock.unlock();
    ready_.notify_all();
  }
}

// The first picture nobody makes yet. All batches that there is room for are opened at once, so
// that pictures which have to be fetched are known early.
Loader::Claim Loader::claim() {
  while (has_room()) slots_.push_back(open(taken_ + slots_.size()));
  work_.notify_all();
  const auto slot = *std::find_if(slots_.begin(), slots_.end(), unclaimed);
  return {slot, slot->claimed++};
}

std::shared_ptr<Loader::Slot> Loader::open(size_t number) {
  const auto batch = static_cast<size_t>(options_.batch);
  const size_t first = number * batch, end = std::min(first + batch, order_.size());
  auto slot = std::make_shared<Slot>();
  for (size_t i = first; i < end; ++i) {
    const auto index = order_[i];
    Random random(options_.seed, epoch_, index, repeats_[i]);
    slot->recipes.push_back(options_.augment ? plan(*options_.augment, index, order_, random)
                                             : Recipe{{index}, false, false, random});
  }
  slot->samples.resize(end - first);
  slot->staged.resize(renderer_ ? end - first : 0);
  if (!renderer_) {
    slot->rendered.images = buffers_.take().narrow(0, 0, static_cast<int64_t>(end - first));
  }
  for (const auto& recipe : slot->recipes) pictures_->want(recipe.members);
  return slot;
}

std::vector<Picture> Loader::take(const std::vector<uint32_t>& members) {
  std::vector<Picture> out;
  try {
    for (const auto index : members) out.push_back(pictures_->take(index, stop_.get_token()));
  } catch (...) {
    // The one that failed was taken for good.
    pictures_->drop(std::span(members).subspan(out.size() + 1));
    throw;
  }
  return out;
}

Sample Loader::draw(const Recipe& recipe, std::span<const Picture> pictures) const {
  const auto side = options_.frame.side;
  if (options_.augment) return compose(recipe, pictures, *options_.augment, side);
  auto shown = whole(pictures.front(), options_.fit, side);
  shown.layer.index = recipe.members.front();
  return {{shown.layer}, std::move(shown.truths)};
}

void Loader::make(Slot& slot, size_t picture) {
  const auto& recipe = slot.recipes[picture];
  const auto pictures = take(recipe.members);
  auto& sample = slot.samples[picture];
  sample = draw(recipe, pictures);
  if (!renderer_) {
    const auto out = slot.rendered.images.select(0, static_cast<int64_t>(picture));
    resample(sample.layers, pictures, options_.frame, out.data_ptr());
    return;
  }
  for (size_t i = 0; i < pictures.size(); ++i) {
    slot.staged[picture].push_back(renderer_->stage(sample.layers[i], pictures[i]));
  }
}

}  // namespace ssd
