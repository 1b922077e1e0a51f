#pragma once

#include <napi.h>

#include <atomic>
#include <functional>
#include <memory>
#include <vector>

#include "bindings/task.h"
#include "core/thread.h"

namespace ssd {

// State of one JavaScript environment (main thread or worker): no statics, so any number of
// environments load the engine.
struct Addon {
  explicit Addon(Napi::Env env) : completion(env) {}

  Napi::FunctionReference error;  // SsdError of lib/errors.ts
  Napi::FunctionReference tensor, model, pack, memory_pack, feed, loader, session;

  Completion completion;
  JobThread inference;

  // Called on shutdown, in order: loaders before the threads that wait for them.
  void on_shutdown(std::function<void()> stop, bool first);
  void shutdown();

  static Addon& of(Napi::Env env) { return *env.GetInstanceData<Addon>(); }

 private:
  std::vector<std::function<void()>> early_, late_;
};

// One line a file of this folder.
void define_info(Napi::Env env, Napi::Object exports);
void define_tensor(Napi::Env env, Napi::Object exports);
void define_ops(Napi::Env env, Napi::Object exports);
void define_model(Napi::Env env, Napi::Object exports);
void define_pack(Napi::Env env, Napi::Object exports);
void define_loader(Napi::Env env, Napi::Object exports);
void define_inference(Napi::Env env, Napi::Object exports);
void define_decoded(Napi::Env env, Napi::Object exports);
void define_session(Napi::Env env, Napi::Object exports);

}  // namespace ssd
