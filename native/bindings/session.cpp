#include "train/session.h"

#include <ATen/Parallel.h>

#include <chrono>

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
  JobThread thread;  // stopped before the session goes
};

struct Timed {
  StepResult result;
  double data_ms, step_ms;
};

// Takes the batch from `source` and steps, with the time of each.
template <class Source>
Timed timed_step(Session& session, Source&& source, double lr) {
  const auto start = Clock::now();
  const Batch batch = source();
  const double data_ms = since(start);
  const auto result = session.step(batch, lr);
  return {result, data_ms, since(start) - data_ms};
}

Napi::Value from_result(Napi::Env env, const Timed& timed) {
  const auto& r = timed.result;
  const auto maybe = [&](const std::optional<double>& term) -> Napi::Value {
    return term ? Napi::Number::New(env, *term).As<Napi::Value>() : env.Null();
  };
  auto out = Napi::Object::New(env);
  out.Set("total", r.total);
  out.Set("conf", r.conf);
  out.Set("loc", r.loc);
  out.Set("soft", maybe(r.soft));
  out.Set("l2", maybe(r.l2));
  out.Set("numPositives", static_cast<double>(r.num_positives));
  out.Set("unmatched", static_cast<double>(r.unmatched));
  out.Set("dataMs", timed.data_ms);
  out.Set("stepMs", timed.step_ms);
  return out;
}

class SessionWrap : public Napi::ObjectWrap<SessionWrap>, public Handle<Job> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit SessionWrap(const Napi::CallbackInfo& info);

 private:
  template <class Source>
  Napi::Value post_step(Napi::Env env, Source source, double lr);

  Napi::Value step(const Napi::CallbackInfo& info);
  Napi::Value step_from(const Napi::CallbackInfo& info);
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

template <class Source>
Napi::Value SessionWrap::post_step(Napi::Env env, Source source, double lr) {
  return run_on(
      get()->thread, Addon::of(env).completion, env,
      [job = get(), source = std::move(source), lr] {
        return timed_step(job->session, source, lr);
      },
      from_result);
}

// step(images, targets, lr)
Napi::Value SessionWrap::step(const Napi::CallbackInfo& info) {
  return guard(info.Env(), [&] {
    const auto truths = to_truths(info[1]);
    const auto images = tensor_of(info[0], "images");
    if (images.dim() != 4 || images.size(0) != static_cast<int64_t>(truths.size())) {
      throw Error(Code::BadOption, "step: expected images [B,3,S,S] and a target for each, got " +
                                       std::to_string(truths.size()) + " targets");
    }
    Batch batch{images, pad(truths), {}, {}};
    return post_step(
        info.Env(), [batch = std::move(batch)] { return batch; },
        info[2].As<Napi::Number>().DoubleValue());
  });
}

// stepFrom(loader, lr)
Napi::Value SessionWrap::step_from(const Napi::CallbackInfo& info) {
  return guard(info.Env(), [&] {
    return post_step(
        info.Env(), [loader = loader_of(info[0])] { return loader->next(); },
        info[1].As<Napi::Number>().DoubleValue());
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
  return DefineClass(env, "NativeSession",
                     {InstanceMethod<&SessionWrap::step>("step"),
                      InstanceMethod<&SessionWrap::step_from>("stepFrom"),
                      InstanceMethod<&SessionWrap::begin>("begin"),
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
