#pragma once

#include <functional>
#include <memory>
#include <thread>

namespace ssd {

// One thread that runs jobs in order. Training and inference live on such threads, never on
// libuv's pool: four long jobs there would starve file access of the whole process.
class JobThread {
 public:
  JobThread();
  // Stops. On the thread itself (a job that held the last reference) it cannot join and lets go.
  ~JobThread();
  JobThread(const JobThread&) = delete;
  JobThread& operator=(const JobThread&) = delete;

  // Queues a job; false when the thread was stopped, and the job is dropped.
  bool post(std::function<void()> job);

  // Lets the job that is running end, drops the others, and joins. Safe to call twice.
  void stop();

 private:
  struct State;
  static void run(const std::shared_ptr<State>& state);

  std::shared_ptr<State> state_;  // shared with the thread, which may outlive this object
  std::thread thread_;
};

}  // namespace ssd
