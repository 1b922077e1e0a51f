#pragma once

#include <condition_variable>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <vector>

#include "data/augment.h"
#include "data/pictures.h"
#include "train/batch.h"

namespace ssd {

struct LoaderOptions {
  int32_t side = 300;
  int32_t batch = 16;
  Normalisation normalisation;
  uint64_t seed = 0;
  int32_t threads = 1;
  std::optional<AugmentOptions> augment;  // none: the whole picture, stretched
};

// Makes batches ahead of the step on its own threads. A picture of a batch is a function of
// (seed, epoch, its index), so any number of threads gives the same batches.
class Loader {
 public:
  Loader(std::shared_ptr<Pictures> pictures, LoaderOptions options);
  ~Loader();
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  // Begins an epoch over `order` (indices into the pictures) at batch `from`.
  void start(uint32_t epoch, std::vector<uint32_t> order, size_t from);

  // The next batch, in order; waits for it. Throws at the end of the epoch, and Cancelled after
  // stop.
  Batch next();

  // Wakes everybody who waits, and joins. Safe to call twice.
  void stop();

 private:
  void work();
  Batch make(uint32_t epoch, std::span<const uint32_t> chosen) const;
  Picture take(std::span<const uint32_t> rest) const;
  size_t batches() const;
  std::span<const uint32_t> batch(size_t number) const;
  void drop_announced();

  const std::shared_ptr<Pictures> pictures_;
  const LoaderOptions options_;

  std::mutex mutex_;
  std::condition_variable work_, ready_;
  uint32_t epoch_ = 0;
  uint64_t generation_ = 0;  // of the epoch under way; batches of an older one are dropped
  std::shared_ptr<const std::vector<uint32_t>> order_;
  // Batches whose pictures are announced, that a thread has claimed, that were taken.
  size_t announced_ = 0, claimed_ = 0, taken_ = 0;
  std::map<size_t, Batch> made_;
  std::exception_ptr failure_;
  bool stopping_ = false;
  std::stop_source stop_;  // wakes threads that wait for a picture
  std::vector<std::thread> threads_;
};

}  // namespace ssd
