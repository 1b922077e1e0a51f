#include "data/loader.h"

#include <algorithm>
#include <string>
#include <utility>

#include "core/error.h"

namespace ssd {

namespace {

// Batches that are made ahead: enough to hide a step that waits, little to drop.
constexpr size_t kAhead = 3;

// What `work` threw, or null.
template <class Work>
std::exception_ptr outcome(Work work) {
  try {
    work();
    return nullptr;
  } catch (...) {
    return std::current_exception();
  }
}

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
    order_ = std::move(order);
    repeats_ = std::move(repeats);
    taken_ = from;
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
  ready_.wait(lock, [&] { return stop_.stop_requested() || made(); });
  if (stop_.stop_requested()) throw Error(Code::Cancelled, "the loader was stopped");
  // A batch that failed stays in front: the epoch ends here.
  if (slots_.front()->failure) std::rethrow_exception(slots_.front()->failure);
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
    open_slots();
    const auto found = std::find_if(slots_.begin(), slots_.end(), unclaimed);
    if (found == slots_.end()) continue;
    const auto slot = *found;
    const auto picture = slot->claimed++;
    lock.unlock();
    auto failure = outcome([&] { make(*slot, picture); });
    lock.lock();
    slot->fail(picture, std::move(failure));
    if (++slot->done < slot->recipes.size()) continue;
    lock.unlock();
    close(*slot);
  }
}

// All batches that there is room for are opened at once, so that pictures which have to be fetched
// are known early.
void Loader::open_slots() {
  while (has_room()) {
    const auto number = taken_ + slots_.size();
    slots_.push_back(std::make_shared<Slot>());
    auto& slot = *slots_.back();
    slot.failure = outcome([&] { open(slot, number); });
    if (!slot.failure) continue;
    slot.recipes.clear();  // nobody makes them
    slot.ready = true;
    ready_.notify_all();
  }
  work_.notify_all();
}

// By whoever makes the last picture.
void Loader::close(Slot& slot) {
  std::exception_ptr failure;
  if (renderer_ && !slot.failure) {
    failure = outcome([&] { slot.rendered = renderer_->render(slot.staged, options_.frame); });
  }
  {
    const std::lock_guard lock(mutex_);
    slot.fail(slot.recipes.size(), std::move(failure));
    slot.ready = true;
  }
  ready_.notify_all();
}

void Loader::Slot::fail(size_t picture, std::exception_ptr why) {
  if (!why || picture >= failed) return;
  failed = picture;
  failure = std::move(why);
}

void Loader::open(Slot& slot, size_t number) {
  const auto batch = static_cast<size_t>(options_.batch);
  const size_t first = number * batch, end = std::min(first + batch, order_.size());
  for (size_t i = first; i < end; ++i) {
    const auto index = order_[i];
    Random random(options_.seed, epoch_, index, repeats_[i]);
    slot.recipes.push_back(options_.augment ? plan(*options_.augment, index, order_, random)
                                            : Recipe{{index}, false, false, random});
  }
  slot.samples.resize(end - first);
  slot.staged.resize(renderer_ ? end - first : 0);
  if (!renderer_) {
    slot.rendered.images = buffers_.take().narrow(0, 0, static_cast<int64_t>(end - first));
  }
  for (const auto& recipe : slot.recipes) pictures_->want(recipe.members);
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
