#include "train/session.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <deque>
#include <optional>

#include "bindings/convert.h"
#include "bindings/guard.h"
#include "bindings/loader.h"
#include "bindings/model.h"
#include "bindings/tensor.h"
#include "core/bytes.h"

namespace ssd {

namespace {

using Clock = std::chrono::steady_clock;

double since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

// A session and the thread that owns it.
struct Job {
  Job(std::shared_ptr<Model> student, std::shared_ptr<Model> teacher, const at::Tensor& priors,
      SessionOptions options)
      : session(std::move(student), std::move(teacher), priors, std::move(options)) {}

  Session session;
  Clock::time_point ended = Clock::now();  // the last step
  uint64_t failures = 0;                   // steps that failed, as its thread knows them
  uint64_t told = 0;                       // and as JavaScript's does
  JobThread thread;                        // stopped before the session goes
};

struct Timed {
  StepResult result;
  double data_ms, step_ms;
};

// A step on its way: from its first batch until its numbers are known.
class Flight {
 public:
  Flight(Job& job, const Session::Source& source, int64_t batches, double lr)
      : began_(Clock::now()), launched_(job.session.launch(timed(source), batches, lr)) {}

  bool ready() const { return launched_.numbers.ready(); }

  // Steps may overlap on a device; the time of each counts from the end of the one before.
  Timed land(Job& job) const {
    const auto result = job.session.collect(launched_);
    const double took = since(std::max(began_, job.ended));
    job.ended = Clock::now();
    return {result, data_ms_, std::max(0.0, took - data_ms_)};
  }

 private:
  Session::Source timed(const Session::Source& source) {
    return [this, &source] {
      const auto start = Clock::now();
      auto batch = source();
      data_ms_ += since(start);
      return batch;
    };
  }

  Clock::time_point began_;
  double data_ms_ = 0;
  Session::Launched launched_;
};

// In the order of StepNumbers (lib/native-session.ts). By index: to look up a dozen names was a
// sixth of all that JavaScript's thread does in a step.
Napi::Value from_result(Napi::Env env, const Timed& timed) {
  const auto& r = timed.result;
  const std::array<std::optional<double>, 12> numbers{r.total,
                                                      r.conf,
                                                      r.loc,
                                                      r.soft,
                                                      r.l2,
                                                      static_cast<double>(r.num_positives),
                                                      static_cast<double>(r.unmatched),
                                                      r.grad_norm,
                                                      r.scale,
                                                      r.skipped ? 1 : 0,
                                                      timed.data_ms,
                                                      timed.step_ms};
  auto out = Napi::Array::New(env, numbers.size());
  for (uint32_t i = 0; i < numbers.size(); ++i) {
    out.Set(i, numbers[i] ? Napi::Number::New(env, *numbers[i]).As<Napi::Value>() : env.Null());
  }
  return out;
}

// Does what the ticket is for, or tells it why not.
template <class Work>
void attempt(const std::shared_ptr<Job>& job, Ticket& ticket, Work work) {
  try {
    work();
  } catch (...) {
    ++job->failures;
    ticket.reject(std::current_exception(), [job] { ++job->told; });
  }
}

class SessionWrap : public Napi::ObjectWrap<SessionWrap>, public Handle<Job> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit SessionWrap(const Napi::CallbackInfo& info);

 private:
  Napi::Value post_step(Napi::Env env, Session::Source source, int64_t batches, double lr);

  Napi::Value step(const Napi::CallbackInfo& info);
  Napi::Value step_from(const Napi::CallbackInfo& info);
  Napi::Value probe(const Napi::CallbackInfo& info);
  void begin(const Napi::CallbackInfo& info);
  void show_average(const Napi::CallbackInfo& info);
  Napi::Value state(const Napi::CallbackInfo& info);
  void load_state(const Napi::CallbackInfo& info);
  void dispose(const Napi::CallbackInfo& info);
};

// Session(student, teacher or null, priors, options)
SessionWrap::SessionWrap(const Napi::CallbackInfo& info) : Napi::ObjectWrap<SessionWrap>(info) {
  guard(info.Env(), [&] {
    std::shared_ptr<Model> teacher;
    if (info[1].IsObject()) teacher = model_of(info[1]);
    value_ = std::make_shared<Job>(model_of(info[0]), std::move(teacher),
                                   tensor_of(info[2], "priors"), to_session(info[3]));
    Addon::of(info.Env())
        .on_shutdown(
            [job = std::weak_ptr(value_)] {
              if (const auto live = job.lock()) live->thread.stop();
            },
            /*first=*/false);
  });
}

// The numbers of a step on a device are waited for by a job behind whatever is queued already: a
// caller who asks for the next step before this one is over keeps the device busy. None runs whose
// caller could not know yet that one before it failed.
Napi::Value SessionWrap::post_step(Napi::Env env, Session::Source source, int64_t batches,
                                   double lr) {
  auto job = get();  // first: nobody has the promise of a session that is disposed
  auto ticket = std::make_shared<Ticket>(Addon::of(env).completion, env);
  const auto promise = ticket->promise();
  auto& thread = job->thread;
  const auto known = job->told;
  thread.post([job = std::move(job), source = std::move(source), batches, lr, known,
               ticket = std::move(ticket)] {
    if (job->failures != known) {
      ticket->reject(
          std::make_exception_ptr(Error(Code::Cancelled, "the step before this one failed")));
      return;
    }
    attempt(job, *ticket, [&] {
      auto flight = std::make_shared<Flight>(*job, source, batches, lr);
      const auto land = [job, ticket, flight] {
        attempt(job, *ticket, [&] {
          ticket->resolve(
              [timed = flight->land(*job)](Napi::Env to) { return from_result(to, timed); });
        });
      };
      if (flight->ready()) {
        land();
      } else {
        job->thread.post(land);
      }
    });
  });
  return promise;
}

// step([{images, targets}, ...], lr)
Napi::Value SessionWrap::step(const Napi::CallbackInfo& info) {
  return guard(info.Env(), [&] {
    const auto given = info[0].As<Napi::Array>();
    auto batches = std::make_shared<std::deque<Batch>>();
    for (uint32_t i = 0; i < given.Length(); ++i) {
      const Fields f(given.Get(i), "batch");
      const auto truths = to_truths(f.value("targets"));
      const auto images = tensor_of(f.value("images"), "images");
      if (images.dim() != 4 || images.size(0) != static_cast<int64_t>(truths.size())) {
        throw Error(Code::BadOption, "step: expected images [B,3,S,S] and a target for each, got " +
                                         std::to_string(truths.size()) + " targets");
      }
      batches->push_back({images, pad(truths), {}, {}});
    }
    const auto count = static_cast<int64_t>(batches->size());
    const auto next = [batches] {
      auto batch = std::move(batches->front());
      batches->pop_front();
      return batch;
    };
    return post_step(info.Env(), next, count, info[1].As<Napi::Number>().DoubleValue());
  });
}

// stepFrom(loader, batches, lr)
Napi::Value SessionWrap::step_from(const Napi::CallbackInfo& info) {
  return guard(info.Env(), [&] {
    return post_step(
        info.Env(), [loader = loader_of(info[0])] { return loader->next(); },
        info[1].As<Napi::Number>().Int64Value(), info[2].As<Napi::Number>().DoubleValue());
  });
}

// probe(pictures, side)
Napi::Value SessionWrap::probe(const Napi::CallbackInfo& info) {
  return guard(info.Env(), [&] {
    return run_on(
        get()->thread, Addon::of(info.Env()).completion, info.Env(),
        [job = get(), pictures = info[0].As<Napi::Number>().Int64Value(),
         side = info[1].As<Napi::Number>().Int64Value()] {
          job->session.probe(pictures, side);
          return true;
        },
        [](Napi::Env env, bool) { return env.Undefined(); });
  });
}

// begin({freeze})
void SessionWrap::begin(const Napi::CallbackInfo& info) {
  guard(info.Env(), [&] { get()->session.begin(Fields(info[0], "phase").texts("freeze")); });
}

// showAverage(averaged)
void SessionWrap::show_average(const Napi::CallbackInfo& info) {
  guard(info.Env(), [&] { get()->session.show_average(info[0].ToBoolean()); });
}

// state(prefix)
Napi::Value SessionWrap::state(const Napi::CallbackInfo& info) {
  return guard(info.Env(), [&] {
    const std::string prefix = info[0].As<Napi::String>();
    auto out = Napi::Object::New(info.Env());
    for (const auto& [name, tensor] : get()->session.state()) {
      if (name.starts_with(prefix)) out.Set(name, wrap(info.Env(), tensor));
    }
    return out;
  });
}

// loadState(name, bytes)
void SessionWrap::load_state(const Napi::CallbackInfo& info) {
  guard(info.Env(), [&] {
    const std::string name = info[0].As<Napi::String>();
    const auto state = get()->session.state();
    const auto found = state.find(name);
    if (found == state.end()) {
      throw Error(Code::BadCheckpoint, "expected state of this session, got " + name);
    }
    copy_bytes(found->second, bytes_of(info[1]), {}, name);
  });
}

void SessionWrap::dispose(const Napi::CallbackInfo& info) {
  guard(info.Env(), [&] {
    if (!disposed()) value_->thread.stop();
    value_.reset();
  });
}

Napi::Function SessionWrap::define(Napi::Env env) {
  return DefineClass(
      env, "NativeSession",
      {InstanceMethod<&SessionWrap::step>("step"),
       InstanceMethod<&SessionWrap::step_from>("stepFrom"),
       InstanceMethod<&SessionWrap::probe>("probe"), InstanceMethod<&SessionWrap::begin>("begin"),
       InstanceMethod<&SessionWrap::show_average>("showAverage"),
       InstanceMethod<&SessionWrap::state>("state"),
       InstanceMethod<&SessionWrap::load_state>("loadState"),
       InstanceMethod<&SessionWrap::dispose>("dispose")});
}

}  // namespace

void define_session(Napi::Env env, Napi::Object exports) {
  auto constructor = SessionWrap::define(env);
  Addon::of(env).session = Napi::Persistent(constructor);
  exports.Set("Session", constructor);
}

}  // namespace ssd
