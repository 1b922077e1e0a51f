#pragma once

#include <condition_variable>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "data/augment.h"
#include "data/pack.h"
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
  Loader(std::shared_ptr<const Pack> pack, LoaderOptions options);
  ~Loader();
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  // Begins an epoch over `order` (indices into the pack) at batch `from`.
  void start(uint32_t epoch, std::vector<uint32_t> order, size_t from);

  // The next batch, in order; waits for it. Throws at the end of the epoch, and Cancelled after
  // stop.
  Batch next();

  // Wakes everybody who waits, and joins. Safe to call twice.
  void stop();

 private:
  void work();
  Batch make(uint32_t epoch, const std::vector<uint32_t>& order, size_t number) const;
  size_t batches() const;

  const std::shared_ptr<const Pack> pack_;
  const LoaderOptions options_;

  std::mutex mutex_;
  std::condition_variable work_, ready_;
  uint32_t epoch_ = 0;
  uint64_t generation_ = 0;  // of the epoch under way; batches of an older one are dropped
  std::shared_ptr<const std::vector<uint32_t>> order_;
  size_t claimed_ = 0, taken_ = 0;
  std::map<size_t, Batch> made_;
  std::exception_ptr failure_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace ssd
