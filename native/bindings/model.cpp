#include "bindings/model.h"

#include "bindings/convert.h"
#include "bindings/guard.h"

namespace ssd {

// Model(graph, seed)
ModelWrap::ModelWrap(const Napi::CallbackInfo& info) : Napi::ObjectWrap<ModelWrap>(info) {
  guard(info.Env(), [&] {
    const auto seed = static_cast<uint64_t>(info[1].As<Napi::Number>().Int64Value());
    value_ = std::make_shared<Model>(to_graph(info[0]), seed);
  });
}

Napi::Value ModelWrap::names(const Napi::CallbackInfo& info) {
  return guard(info.Env(), [&] {
    const auto& parameters = get()->parameters();
    auto out = Napi::Array::New(info.Env(), parameters.size());
    for (uint32_t i = 0; i < parameters.size(); ++i) out.Set(i, parameters[i].name);
    return out;
  });
}

Napi::Value ModelWrap::tensor(const Napi::CallbackInfo& info) {
  return guard(info.Env(), [&] {
    return wrap(info.Env(), get()->parameter(info[0].As<Napi::String>()).value);
  });
}

Napi::Value ModelWrap::device(const Napi::CallbackInfo& info) {
  return guard(info.Env(), [&] { return Napi::String::New(info.Env(), get()->device().str()); });
}

Napi::Value ModelWrap::forward(const Napi::CallbackInfo& info) {
  return guard(info.Env(), [&] {
    const auto images = tensor_of(info[0], "images");
    const std::lock_guard lock(get()->mutex);
    const auto output = get()->infer(images);
    auto out = Napi::Object::New(info.Env());
    out.Set("loc", wrap(info.Env(), output.loc));
    out.Set("conf", wrap(info.Env(), output.conf));
    return out;
  });
}

// assign(name, bytes, dtype of the bytes or nothing)
void ModelWrap::assign(const Napi::CallbackInfo& info) {
  guard(info.Env(), [&] {
    std::optional<at::ScalarType> type;
    if (info[2].IsString()) type = dtype_of(info[2].As<Napi::String>());
    const std::lock_guard lock(get()->mutex);
    get()->assign(info[0].As<Napi::String>(), bytes_of(info[1]), type);
  });
}

void ModelWrap::to(const Napi::CallbackInfo& info) {
  guard(info.Env(), [&] {
    const std::lock_guard lock(get()->mutex);
    get()->to(device_of(info[0].As<Napi::String>()));
  });
}

void ModelWrap::dispose(const Napi::CallbackInfo&) {
  value_.reset();
}

Napi::Function ModelWrap::define(Napi::Env env) {
  return DefineClass(
      env, "NativeModel",
      {InstanceMethod<&ModelWrap::names>("names"), InstanceMethod<&ModelWrap::tensor>("tensor"),
       InstanceAccessor<&ModelWrap::device>("device"),
       InstanceMethod<&ModelWrap::forward>("forward"), InstanceMethod<&ModelWrap::assign>("assign"),
       InstanceMethod<&ModelWrap::to>("to"), InstanceMethod<&ModelWrap::dispose>("dispose")});
}

std::shared_ptr<Model> model_of(const Napi::Value& value) {
  return unwrap<ModelWrap>(value, Addon::of(value.Env()).model, "a model").get();
}

void define_model(Napi::Env env, Napi::Object exports) {
  auto constructor = ModelWrap::define(env);
  Addon::of(env).model = Napi::Persistent(constructor);
  exports.Set("Model", constructor);
}

}  // namespace ssd
