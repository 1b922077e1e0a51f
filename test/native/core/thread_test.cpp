#include "core/thread.h"

#include <time.h>

#include <atomic>
#include <chrono>
#include <future>

#include "check.h"

namespace ssd {
namespace {

// A job that holds the thread until it is let go.
struct Gate {
  std::promise<void> entered, open;
  std::function<void()> job() {
    return [this] {
      entered.set_value();
      open.get_future().wait();
    };
  }
};

TEST(jobs_run_in_order_on_one_other_thread) {
  JobThread thread;
  std::vector<int> order;
  std::vector<std::thread::id> ids;
  std::promise<void> last;
  for (int i = 0; i < 100; ++i) {
    EXPECT(thread.post([&, i] {
      order.push_back(i);
      ids.push_back(std::this_thread::get_id());
      if (i == 99) last.set_value();
    }));
  }
  last.get_future().wait();
  thread.stop();
  EXPECT_EQ(100, order.size());
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(i, order[static_cast<size_t>(i)]);
    EXPECT(ids[static_cast<size_t>(i)] == ids[0]);
  }
  EXPECT(ids[0] != std::this_thread::get_id());
}

TEST(stop_lets_the_running_job_end_and_drops_the_others) {
  JobThread thread;
  Gate gate;
  std::atomic<bool> ended = false, ran = false;
  const auto owned = std::make_shared<int>(1);
  thread.post([&, job = gate.job()] {
    job();
    ended = true;
  });
  gate.entered.get_future().wait();
  EXPECT(thread.post([&ran, owned] { ran = true; }));
  EXPECT_EQ(2, owned.use_count());
  auto stopped = std::async(std::launch::async, [&] { thread.stop(); });
  // A refused job shows that the stop has begun; only then may the running one end.
  while (thread.post([] {})) std::this_thread::yield();
  EXPECT(!ended);
  gate.open.set_value();
  stopped.wait();
  EXPECT(ended);
  EXPECT(!ran);
  EXPECT_EQ(1, owned.use_count());  // dropped jobs are destroyed
}

// Processor time of the calling thread.
double busy_ms() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

TEST(without_a_job_it_soon_sleeps) {
  JobThread thread;
  std::promise<double> before, after;
  thread.post([&] { before.set_value(busy_ms()); });
  const double start = before.get_future().get();
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  thread.post([&] { after.set_value(busy_ms()); });
  EXPECT(after.get_future().get() - start < 100);
}

TEST(a_stopped_thread_takes_no_job) {
  JobThread thread;
  thread.stop();
  bool ran = false;
  EXPECT(!thread.post([&] { ran = true; }));
  EXPECT(!ran);
}

TEST(stop_may_be_called_twice) {
  JobThread thread;
  std::atomic<int> ran = 0;
  std::promise<void> done;
  thread.post([&] {
    ++ran;
    done.set_value();
  });
  done.get_future().wait();
  thread.stop();
  thread.stop();
  EXPECT_EQ(1, ran.load());
}

TEST(a_job_may_stop_its_own_thread) {
  JobThread thread;
  std::promise<void> stopped;
  std::atomic<bool> after = false;
  thread.post([&] {
    thread.post([&] { after = true; });
    thread.stop();
    stopped.set_value();
  });
  stopped.get_future().wait();
  thread.stop();  // joins, which the job could not
  EXPECT(!after);
}

TEST(may_be_destroyed_inside_its_own_job) {
  const auto destroyed = std::make_shared<std::promise<void>>();
  auto thread = std::make_shared<JobThread>();
  Gate gate;
  thread->post([held = thread, job = gate.job(), destroyed]() mutable {
    job();
    held.reset();
    destroyed->set_value();
  });
  gate.entered.get_future().wait();
  thread.reset();  // now the job holds the last reference
  gate.open.set_value();
  destroyed->get_future().wait();
}

TEST(may_be_destroyed_together_with_its_last_job) {
  // The job holds the only reference and its destruction, after it ran, is what ends the thread.
  struct Holder {
    std::shared_ptr<JobThread> thread;
    std::promise<void> destroyed;
    ~Holder() {
      thread.reset();
      destroyed.set_value();
    }
  };
  auto holder = std::make_shared<Holder>();
  auto destroyed = holder->destroyed.get_future();
  holder->thread = std::make_shared<JobThread>();
  Gate gate;
  holder->thread->post([held = holder, job = gate.job()] { job(); });
  gate.entered.get_future().wait();
  holder.reset();
  gate.open.set_value();
  destroyed.wait();
}

}  // namespace
}  // namespace ssd
