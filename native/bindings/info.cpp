#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <torch/csrc/inductor/aoti_torch/c/shim.h>

#include "bindings/addon.h"
#include "bindings/guard.h"
#include "bindings/tensor.h"
#include "core/devices.h"
#include "core/speed.h"

namespace ssd {

namespace {

// Of the library in this process, not of the headers: four bytes, major, minor, patch and a tag.
std::string loaded_version() {
  const auto version = aoti_torch_abi_version();
  const auto part = [version](int byte) { return std::to_string(version >> (8 * byte) & 0xff); };
  return part(7) + "." + part(6) + "." + part(5);
}

Napi::Value info(const Napi::CallbackInfo& call) {
  const auto env = call.Env();
  return guard(env, [&] {
    auto out = Napi::Object::New(env);
    const int count = cuda_devices();
    auto devices = Napi::Array::New(env);
    devices.Set(0U, "cpu");
    for (int i = 0; i < count; ++i)
      devices.Set(static_cast<uint32_t>(i + 1), "cuda:" + std::to_string(i));
    out.Set("libtorch", loaded_version());
    out.Set("built", SSD_TORCH_MINOR);
    out.Set("threads", at::get_num_threads());
    out.Set("deterministic", at::globalContext().deterministicAlgorithms());
    out.Set("cuda", count > 0);
    out.Set("devices", devices);
    out.Set("cpu", at::get_cpu_capability());
    return out;
  });
}

// initialize(SsdError)
void initialise_errors(const Napi::CallbackInfo& call) {
  Addon::of(call.Env()).error = Napi::Persistent(call[0].As<Napi::Function>());
}

void set_threads(const Napi::CallbackInfo& call) {
  guard(call.Env(), [&] { at::set_num_threads(call[0].As<Napi::Number>().Int32Value()); });
}

// withholdCuda(why)
void withhold(const Napi::CallbackInfo& call) {
  guard(call.Env(), [&] { withhold_cuda(call[0].As<Napi::String>()); });
}

// speed(device, dtype)
Napi::Value speed_op(const Napi::CallbackInfo& call) {
  const auto env = call.Env();
  return guard(env, [&] {
    const auto seen =
        speed(device_of(call[0].As<Napi::String>()), dtype_of(call[1].As<Napi::String>()));
    auto out = Napi::Object::New(env);
    out.Set("bytesPerSecond", seen.bytes_per_second);
    out.Set("flopsPerSecond", seen.flops_per_second);
    return out;
  });
}

// setDeterministic(on): of the whole process, as ATen has it.
void set_deterministic(const Napi::CallbackInfo& call) {
  guard(call.Env(), [&] {
    const bool on = call[0].ToBoolean();
    auto& context = at::globalContext();
    context.setDeterministicAlgorithms(on, /*warn_only=*/false);
    // Memory that is written before it is read need not be filled.
    context.setDeterministicFillUninitializedMemory(false);
    context.setDeterministicCuDNN(on);
    context.setBenchmarkCuDNN(!on);
  });
}

void shut_down(const Napi::CallbackInfo& call) {
  guard(call.Env(), [&] { Addon::of(call.Env()).shutdown(); });
}

}  // namespace

void define_info(Napi::Env env, Napi::Object exports) {
  exports.Set("info", Napi::Function::New<info>(env, "info"));
  exports.Set("initialize", Napi::Function::New<initialise_errors>(env, "initialize"));
  exports.Set("withholdCuda", Napi::Function::New<withhold>(env, "withholdCuda"));
  exports.Set("setThreads", Napi::Function::New<set_threads>(env, "setThreads"));
  exports.Set("speed", Napi::Function::New<speed_op>(env, "speed"));
  exports.Set("setDeterministic", Napi::Function::New<set_deterministic>(env, "setDeterministic"));
  exports.Set("shutdown", Napi::Function::New<shut_down>(env, "shutdown"));
}

}  // namespace ssd
