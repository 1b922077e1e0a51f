#include "bindings/addon.h"

#include "core/memory.h"

namespace ssd {

void Addon::on_shutdown(std::function<void()> stop, bool first) {
  (first ? early_ : late_).push_back(std::move(stop));
}

void Addon::shutdown() {
  for (const auto& stop : early_) stop();
  for (const auto& stop : late_) stop();
  inference.stop();
}

namespace {

Napi::Object initialise(Napi::Env env, Napi::Object exports) {
  keep_memory();
  auto* const addon = new Addon(env);
  env.SetInstanceData(addon);
  // After the completion's own hook, so that it runs before it: threads are joined while their
  // last results can still be delivered.
  env.AddCleanupHook([addon] { addon->shutdown(); });
  define_info(env, exports);
  define_tensor(env, exports);
  define_ops(env, exports);
  define_model(env, exports);
  define_pack(env, exports);
  define_loader(env, exports);
  define_session(env, exports);
  define_inference(env, exports);
  define_decoded(env, exports);
  return exports;
}

}  // namespace

NODE_API_MODULE(ssd_distill, initialise)

}  // namespace ssd
