#pragma once

#include <napi.h>

#include <exception>
#include <functional>
#include <memory>
#include <utility>

#include "core/thread.h"

namespace ssd {

struct Addon;

// A promise under way. `finish` makes its value on JavaScript's thread.
struct Pending {
  Napi::Promise::Deferred deferred;
  std::function<Napi::Value(Napi::Env)> finish;
  std::exception_ptr error;
  std::function<void()> told;  // called on JavaScript's thread when it learns of the error
  bool keeps_alive = true;
};

// Brings results of native threads back to JavaScript's thread. Keeps the event loop alive while
// something that does so is pending, and only then.
class Completion {
 public:
  explicit Completion(Napi::Env env);

  void begin(Napi::Env env);                       // on JavaScript's thread
  void deliver(std::unique_ptr<Pending> pending);  // on any thread

 private:
  static void settle(Napi::Env env, Napi::Function, Completion* self, Pending* pending);
  using Channel = Napi::TypedThreadSafeFunction<Completion, Pending, settle>;

  Channel channel_;
  int64_t pending_ = 0;
};

// Delivers its promise exactly once: with a result, or as cancelled when the job was dropped. One
// that waits for somebody else's work, and may wait for ever, does not keep the process alive.
class Ticket {
 public:
  Ticket(Completion& completion, Napi::Env env, bool keeps_alive = true);
  ~Ticket();
  Ticket(const Ticket&) = delete;
  Ticket& operator=(const Ticket&) = delete;

  Napi::Promise promise() const { return pending_->deferred.Promise(); }
  void resolve(std::function<Napi::Value(Napi::Env)> finish);
  void reject(std::exception_ptr error, std::function<void()> told = nullptr);

 private:
  Completion& completion_;
  std::unique_ptr<Pending> pending_;
};

// Runs `work` on a job thread; the promise resolves with `finish(env, result)`.
template <class Work, class Finish>
Napi::Value run_on(JobThread& thread, Completion& completion, Napi::Env env, Work work,
                   Finish finish) {
  auto ticket = std::make_shared<Ticket>(completion, env);
  const auto promise = ticket->promise();
  thread.post(
      [ticket = std::move(ticket), work = std::move(work), finish = std::move(finish)]() mutable {
        try {
          // Shared, because a std::function must be copyable and a result need not be.
          auto result = std::make_shared<decltype(work())>(work());
          ticket->resolve([result = std::move(result), finish = std::move(finish)](Napi::Env to) {
            return finish(to, std::move(*result));
          });
        } catch (...) {
          ticket->reject(std::current_exception());
        }
      });
  return promise;
}

}  // namespace ssd
