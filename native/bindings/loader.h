#pragma once

#include "bindings/tensor.h"
#include "data/loader.h"

namespace ssd {

class LoaderWrap : public Napi::ObjectWrap<LoaderWrap>, public Handle<Loader> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit LoaderWrap(const Napi::CallbackInfo& info);

 private:
  void start(const Napi::CallbackInfo& info);
  Napi::Value next(const Napi::CallbackInfo& info);
  void dispose(const Napi::CallbackInfo& info);
};

std::shared_ptr<Loader> loader_of(const Napi::Value& value);

}  // namespace ssd
