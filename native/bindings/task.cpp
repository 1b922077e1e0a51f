#include "bindings/task.h"

#include "bindings/guard.h"
#include "core/error.h"

namespace ssd {

Completion::Completion(Napi::Env env)
    : channel_(
          Channel::New(env, "ssd-distill", /*maxQueueSize=*/0, /*initialThreadCount=*/1, this)) {
  channel_.Unref(env);
}

void Completion::begin(Napi::Env env) {
  if (pending_++ == 0) channel_.Ref(env);
}

void Completion::deliver(std::unique_ptr<Pending> pending) {
  // A closing environment has nobody left to tell.
  if (channel_.NonBlockingCall(pending.get()) == napi_ok) pending.release();
}

void Completion::settle(Napi::Env env, Napi::Function, Completion* self, Pending* raw) {
  const std::unique_ptr<Pending> pending(raw);
  if (env == nullptr) return;
  if (pending->keeps_alive && --self->pending_ == 0) self->channel_.Unref(env);
  try {
    if (pending->error) {
      if (pending->told) pending->told();
      pending->deferred.Reject(to_error(env, pending->error).Value());
    } else {
      pending->deferred.Resolve(guard(env, [&] { return pending->finish(env); }));
    }
  } catch (const Napi::Error& error) {
    // `finish` failed, or the environment no longer takes calls; the second throws here again and
    // has no reader.
    try {
      pending->deferred.Reject(error.Value());
    } catch (const Napi::Error&) {
    }
  }
}

Ticket::Ticket(Completion& completion, Napi::Env env, bool keeps_alive)
    : completion_(completion),
      pending_(
          new Pending{Napi::Promise::Deferred::New(env), nullptr, nullptr, nullptr, keeps_alive}) {
  if (keeps_alive) completion_.begin(env);
}

Ticket::~Ticket() {
  if (pending_ == nullptr) return;
  reject(std::make_exception_ptr(Error(Code::Cancelled, "the work was stopped before it began")));
}

void Ticket::resolve(std::function<Napi::Value(Napi::Env)> finish) {
  pending_->finish = std::move(finish);
  completion_.deliver(std::move(pending_));
}

void Ticket::reject(std::exception_ptr error, std::function<void()> told) {
  pending_->error = std::move(error);
  pending_->told = std::move(told);
  completion_.deliver(std::move(pending_));
}

}  // namespace ssd
