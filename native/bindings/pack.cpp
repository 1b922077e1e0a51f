#include "bindings/pack.h"

#include <mutex>
#include <utility>
#include <vector>

#include "bindings/fields.h"
#include "bindings/guard.h"
#include "data/feed.h"
#include "data/memory_pack.h"
#include "data/pack.h"

namespace ssd {

namespace {

PictureList to_list(const Fields& f) {
  return {f.texts("paths"), f.typed<int32_t>("sizes"), f.typed<int32_t>("counts"),
          f.typed<float>("boxes"), f.typed<int32_t>("labels")};
}

PackIndex to_pack(const Napi::Value& value) {
  const Fields f(value, "pack index");
  const auto offsets = f.typed<double>("offsets");
  return {to_list(f), f.text("file"), {offsets.begin(), offsets.end()}, f.typed<uint32_t>("crcs")};
}

uint32_t to_index(const Napi::Value& value) {
  return value.As<Napi::Number>().Uint32Value();
}

template <class T>
Napi::Value length_of(Napi::Env env, const Handle<T>& holder) {
  return guard(env,
               [&] { return Napi::Number::New(env, static_cast<double>(holder.get()->size())); });
}

class PackWrap : public Napi::ObjectWrap<PackWrap>, public Handle<Pack> {
 public:
  explicit PackWrap(const Napi::CallbackInfo& info) : Napi::ObjectWrap<PackWrap>(info) {
    guard(info.Env(), [&] { value_ = std::make_shared<Pack>(to_pack(info[0])); });
  }
  Napi::Value length(const Napi::CallbackInfo& info) { return length_of(info.Env(), *this); }
  void dispose(const Napi::CallbackInfo&) { value_.reset(); }

  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "NativePack",
                       {InstanceAccessor<&PackWrap::length>("length"),
                        InstanceMethod<&PackWrap::dispose>("dispose")});
  }
};

class MemoryPackWrap : public Napi::ObjectWrap<MemoryPackWrap>, public Handle<MemoryPack> {
 public:
  explicit MemoryPackWrap(const Napi::CallbackInfo& info) : Napi::ObjectWrap<MemoryPackWrap>(info) {
    guard(info.Env(),
          [&] { value_ = std::make_shared<MemoryPack>(to_list(Fields(info[0], "picture list"))); });
  }
  // put(index, pixels)
  void put(const Napi::CallbackInfo& info) {
    guard(info.Env(), [&] { get()->put(to_index(info[0]), bytes_of(info[1])); });
  }
  Napi::Value length(const Napi::CallbackInfo& info) { return length_of(info.Env(), *this); }
  void dispose(const Napi::CallbackInfo&) { value_.reset(); }

  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "NativeMemoryPack",
                       {InstanceAccessor<&MemoryPackWrap::length>("length"),
                        InstanceMethod<&MemoryPackWrap::put>("put"),
                        InstanceMethod<&MemoryPackWrap::dispose>("dispose")});
  }
};

// Pictures that were asked for, until JavaScript fetches the list: a promise it may wait on, which
// does not keep the process alive. Threads that ask come from anywhere.
class Asked {
 public:
  void add(std::span<const uint32_t> indices) {
    const std::lock_guard lock(mutex_);
    indices_.insert(indices_.end(), indices.begin(), indices.end());
    answer();
  }

  Napi::Promise next(Napi::Env env) {
    const std::lock_guard lock(mutex_);
    waiting_ = std::make_unique<Ticket>(Addon::of(env).completion, env, /*keeps_alive=*/false);
    const auto promise = waiting_->promise();
    if (closed_) waiting_.reset();
    answer();
    return promise;
  }

  // Ends the wait, as cancelled. After it no thread comes near JavaScript any more.
  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    waiting_.reset();
  }

 private:
  void answer() {
    if (!waiting_ || indices_.empty()) return;
    waiting_->resolve([indices = std::exchange(indices_, {})](Napi::Env env) {
      auto out = Napi::Uint32Array::New(env, indices.size());
      std::copy(indices.begin(), indices.end(), out.Data());
      return out;
    });
    waiting_.reset();
  }

  std::mutex mutex_;
  std::vector<uint32_t> indices_;
  std::unique_ptr<Ticket> waiting_;
  bool closed_ = false;
};

class FeedWrap : public Napi::ObjectWrap<FeedWrap>, public Handle<Feed> {
 public:
  explicit FeedWrap(const Napi::CallbackInfo& info)
      : Napi::ObjectWrap<FeedWrap>(info), asked_(std::make_shared<Asked>()) {
    guard(info.Env(), [&] {
      value_ = std::make_shared<Feed>(
          to_list(Fields(info[0], "picture list")),
          [asked = asked_](std::span<const uint32_t> indices) { asked->add(indices); });
      Addon::of(info.Env())
          .on_shutdown(
              [feed = std::weak_ptr(value_), asked = std::weak_ptr(asked_)] {
                if (const auto live = feed.lock()) live->close();
                if (const auto live = asked.lock()) live->close();
              },
              /*first=*/true);
    });
  }
  Napi::Value asked(const Napi::CallbackInfo& info) {
    return guard(info.Env(), [&] { return asked_->next(info.Env()); });
  }
  // wanted(index)
  Napi::Value wanted(const Napi::CallbackInfo& info) {
    return guard(info.Env(), [&] {
      return Napi::Boolean::New(info.Env(), !disposed() && value_->wanted(to_index(info[0])));
    });
  }
  // put(index, pixels)
  void put(const Napi::CallbackInfo& info) {
    guard(info.Env(), [&] {
      // What was decoded when everything ended has nobody left to take it.
      if (!disposed()) value_->put(to_index(info[0]), bytes_of(info[1]));
    });
  }
  // fail(index, sentence)
  void fail(const Napi::CallbackInfo& info) {
    guard(info.Env(), [&] {
      if (!disposed()) value_->fail(to_index(info[0]), info[1].As<Napi::String>());
    });
  }
  Napi::Value length(const Napi::CallbackInfo& info) { return length_of(info.Env(), *this); }
  void dispose(const Napi::CallbackInfo&) {
    if (!disposed()) value_->close();
    asked_->close();
    value_.reset();
  }

  static Napi::Function define(Napi::Env env) {
    return DefineClass(
        env, "NativeFeed",
        {InstanceAccessor<&FeedWrap::length>("length"), InstanceMethod<&FeedWrap::asked>("asked"),
         InstanceMethod<&FeedWrap::wanted>("wanted"), InstanceMethod<&FeedWrap::put>("put"),
         InstanceMethod<&FeedWrap::fail>("fail"), InstanceMethod<&FeedWrap::dispose>("dispose")});
  }

 private:
  std::shared_ptr<Asked> asked_;
};

template <class Wrap>
void add_class(Napi::Env env, Napi::Object exports, const char* name,
               Napi::FunctionReference& constructor) {
  auto made = Wrap::define(env);
  constructor = Napi::Persistent(made);
  exports.Set(name, made);
}

}  // namespace

std::shared_ptr<Pictures> pictures_of(const Napi::Value& value) {
  const auto& addon = Addon::of(value.Env());
  const auto is = [&](const Napi::FunctionReference& constructor) {
    return value.IsObject() && value.As<Napi::Object>().InstanceOf(constructor.Value());
  };
  if (is(addon.memory_pack)) {
    return unwrap<MemoryPackWrap>(value, addon.memory_pack, "pictures").get();
  }
  if (is(addon.feed)) return unwrap<FeedWrap>(value, addon.feed, "pictures").get();
  return unwrap<PackWrap>(value, addon.pack, "pictures").get();
}

void define_pack(Napi::Env env, Napi::Object exports) {
  auto& addon = Addon::of(env);
  add_class<PackWrap>(env, exports, "Pack", addon.pack);
  add_class<MemoryPackWrap>(env, exports, "MemoryPack", addon.memory_pack);
  add_class<FeedWrap>(env, exports, "Feed", addon.feed);
}

}  // namespace ssd
