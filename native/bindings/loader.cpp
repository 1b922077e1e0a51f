#include "bindings/loader.h"

#include "bindings/convert.h"
#include "bindings/guard.h"
#include "bindings/pack.h"

namespace ssd {

namespace {

// One picture's truths without the padding.
Napi::Value target(Napi::Env env, const Targets& targets, int64_t picture) {
  const auto width = targets.labels.size(1);
  const auto* labels = targets.labels.const_data_ptr<int64_t>() + picture * width;
  const auto* boxes = targets.boxes.const_data_ptr<float>() + picture * width * 4;
  const auto count = static_cast<size_t>(std::find(labels, labels + width, -1) - labels);
  auto out_boxes = Napi::Float32Array::New(env, count * 4);
  auto out_labels = Napi::Int32Array::New(env, count);
  std::copy(boxes, boxes + count * 4, out_boxes.Data());
  std::copy(labels, labels + count, out_labels.Data());
  auto out = Napi::Object::New(env);
  out.Set("boxes", out_boxes);
  out.Set("labels", out_labels);
  return out;
}

Napi::Value from_batch(Napi::Env env, const Batch& batch) {
  auto targets = Napi::Array::New(env);
  auto indices = Napi::Array::New(env);
  auto drawn = Napi::Array::New(env);
  for (uint32_t i = 0; i < batch.indices.size(); ++i) {
    targets.Set(i, target(env, batch.targets, i));
    indices.Set(i, batch.indices[i]);
    auto layers = Napi::Array::New(env);
    for (const auto& layer : batch.layers[i]) layers.Set(layers.Length(), from_layer(env, layer));
    drawn.Set(i, layers);
  }
  auto out = Napi::Object::New(env);
  out.Set("images", wrap(env, batch.images));
  out.Set("targets", targets);
  out.Set("indices", indices);
  out.Set("drawn", drawn);
  return out;
}

}  // namespace

// Loader(pictures, options)
LoaderWrap::LoaderWrap(const Napi::CallbackInfo& info) : Napi::ObjectWrap<LoaderWrap>(info) {
  guard(info.Env(), [&] {
    auto& addon = Addon::of(info.Env());
    auto pictures = pictures_of(info[0]);
    value_ = std::make_shared<Loader>(std::move(pictures), to_loader(info[1]));
    addon.on_shutdown(
        [loader = std::weak_ptr(value_)] {
          if (const auto live = loader.lock()) live->stop();
        },
        /*first=*/true);
  });
}

// start(epoch, order, from)
void LoaderWrap::start(const Napi::CallbackInfo& info) {
  guard(info.Env(), [&] {
    const auto order = info[1].As<Napi::Uint32Array>();
    get()->start(info[0].As<Napi::Number>().Uint32Value(),
                 {order.Data(), order.Data() + order.ElementLength()},
                 static_cast<size_t>(info[2].As<Napi::Number>().Int64Value()));
  });
}

Napi::Value LoaderWrap::next(const Napi::CallbackInfo& info) {
  return guard(info.Env(), [&] {
    auto& addon = Addon::of(info.Env());
    return run_on(
        addon.inference, addon.completion, info.Env(), [loader = get()] { return loader->next(); },
        [](Napi::Env env, const Batch& batch) { return from_batch(env, batch); });
  });
}

void LoaderWrap::dispose(const Napi::CallbackInfo& info) {
  guard(info.Env(), [&] {
    if (!disposed()) value_->stop();
    value_.reset();
  });
}

Napi::Function LoaderWrap::define(Napi::Env env) {
  return DefineClass(
      env, "NativeLoader",
      {InstanceMethod<&LoaderWrap::start>("start"), InstanceMethod<&LoaderWrap::next>("next"),
       InstanceMethod<&LoaderWrap::dispose>("dispose")});
}

std::shared_ptr<Loader> loader_of(const Napi::Value& value) {
  return unwrap<LoaderWrap>(value, Addon::of(value.Env()).loader, "a loader").get();
}

void define_loader(Napi::Env env, Napi::Object exports) {
  auto loader = LoaderWrap::define(env);
  Addon::of(env).loader = Napi::Persistent(loader);
  exports.Set("Loader", loader);
}

}  // namespace ssd
