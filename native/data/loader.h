#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <vector>

#include "data/buffers.h"
#include "data/compose.h"
#include "data/pictures.h"
#include "data/renderer.h"
#include "train/batch.h"

namespace ssd {

struct LoaderOptions {
  int32_t batch = 16;
  Frame frame;
  uint64_t seed = 0;
  int32_t threads = 1;
  std::optional<AugmentOptions> augment;  // none: the whole picture
  Fit fit = Fit::Stretch;                 // of the whole picture
  at::Device device = at::kCPU;           // that makes the pictures and gets them
  bool resident = false;                  // keeps all pixels on the device, if it has the memory
};

// Makes batches ahead of the step on its own threads, which share the pictures of a batch. A
// picture of a batch is a function of (seed, epoch, its index), so any number of threads gives the
// same batches; one that comes several times in an epoch is another each time.
class Loader {
 public:
  Loader(std::shared_ptr<Pictures> pictures, LoaderOptions options);
  ~Loader();
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  // Begins an epoch over `order` (indices of pictures) at batch `from`.
  void start(uint32_t epoch, std::vector<uint32_t> order, size_t from);

  // The next batch, in order; waits for it. Throws at the end of the epoch, and Cancelled after
  // stop.
  Batch next();

  // Wakes everybody who waits, and joins. Safe to call twice.
  void stop();

 private:
  // A batch in the making. It fails for its first picture that does, whichever thread is first.
  struct Slot {
    void fail(size_t picture, std::exception_ptr why);  // nothing happens without a reason

    Renderer::Rendered rendered;                        // [B, S, S, 3]
    std::vector<std::vector<Renderer::Staged>> staged;  // of each picture, for another device
    std::vector<Recipe> recipes;
    std::vector<Sample> samples;
    size_t claimed = 0, done = 0;
    size_t failed = SIZE_MAX;  // the picture that `failure` is about
    std::exception_ptr failure;
    bool ready = false;
  };

  void work();
  bool has_work() const;
  bool has_room() const;
  static bool unclaimed(const std::shared_ptr<Slot>& slot);
  void open_slots();
  void open(Slot& slot, size_t number);
  void close(Slot& slot);
  void make(Slot& slot, size_t picture);
  Sample draw(const Recipe& recipe, std::span<const Picture> pictures) const;
  std::vector<Picture> take(const std::vector<uint32_t>& members);
  void drop_slots();
  size_t batches() const;

  const std::shared_ptr<Pictures> pictures_;
  const LoaderOptions options_;

  std::mutex mutex_;
  std::condition_variable work_, ready_;
  std::stop_source stop_;
  Buffers buffers_;
  std::optional<Renderer> renderer_;  // for devices other than the CPU
  uint32_t epoch_ = 0;
  std::vector<uint32_t> order_, repeats_;
  std::deque<std::shared_ptr<Slot>> slots_;  // from batch `taken_` on
  size_t taken_ = 0;
  std::vector<std::thread> threads_;
};

}  // namespace ssd
