#pragma once

#include "bindings/tensor.h"
#include "models/model.h"

namespace ssd {

class ModelWrap : public Napi::ObjectWrap<ModelWrap>, public Handle<Model> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit ModelWrap(const Napi::CallbackInfo& info);

 private:
  Napi::Value names(const Napi::CallbackInfo& info);
  Napi::Value tensor(const Napi::CallbackInfo& info);
  Napi::Value device(const Napi::CallbackInfo& info);
  Napi::Value forward(const Napi::CallbackInfo& info);
  void assign(const Napi::CallbackInfo& info);
  void to(const Napi::CallbackInfo& info);
  void dispose(const Napi::CallbackInfo& info);
};

std::shared_ptr<Model> model_of(const Napi::Value& value);

}  // namespace ssd
