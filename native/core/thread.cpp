#include "core/thread.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <utility>

namespace ssd {

struct JobThread::State {
  std::mutex mutex;
  std::condition_variable wake;
  std::deque<std::function<void()>> jobs;
  bool stopping = false;
};

JobThread::JobThread()
    : state_(std::make_shared<State>()), thread_([state = state_] { run(state); }) {}

JobThread::~JobThread() {
  stop();
  if (thread_.joinable()) thread_.detach();
}

bool JobThread::post(std::function<void()> job) {
  {
    const std::lock_guard lock(state_->mutex);
    if (state_->stopping) return false;
    state_->jobs.push_back(std::move(job));
  }
  state_->wake.notify_one();
  return true;
}

void JobThread::stop() {
  // Dropped jobs are destroyed outside the lock: what they own may come back here.
  std::deque<std::function<void()>> dropped;
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
    dropped.swap(state_->jobs);
  }
  state_->wake.notify_all();
  if (thread_.joinable() && thread_.get_id() != std::this_thread::get_id()) thread_.join();
}

void JobThread::run(const std::shared_ptr<State>& state) {
  for (;;) {
    std::function<void()> job;
    {
      std::unique_lock lock(state->mutex);
      state->wake.wait(lock, [&] { return state->stopping || !state->jobs.empty(); });
      if (state->stopping) return;
      job = std::move(state->jobs.front());
      state->jobs.pop_front();
    }
    job();
  }
}

}  // namespace ssd
