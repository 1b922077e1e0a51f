#pragma once

#include <ATen/core/Tensor.h>
#include <napi.h>

#include <span>

#include "bindings/addon.h"
#include "core/error.h"

namespace ssd {

// What every class of this folder is: a shared native object that JavaScript can let go of early.
template <class T>
class Handle {
 public:
  const std::shared_ptr<T>& get() const {
    if (value_) return value_;
    throw Error(Code::Disposed, "expected a live object, got one that was disposed");
  }
  bool disposed() const { return value_ == nullptr; }

 protected:
  std::shared_ptr<T> value_;
};

// The handle behind a JavaScript object that must be an instance of `constructor`.
template <class Wrap>
Wrap& unwrap(const Napi::Value& value, const Napi::FunctionReference& constructor,
             const char* name) {
  if (value.IsObject() && value.As<Napi::Object>().InstanceOf(constructor.Value())) {
    return *Wrap::Unwrap(value.As<Napi::Object>());
  }
  throw Error(Code::BadOption, std::string("expected ") + name + ", got something else");
}

class TensorWrap : public Napi::ObjectWrap<TensorWrap>, public Handle<at::Tensor> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit TensorWrap(const Napi::CallbackInfo& info);

 private:
  Napi::Value shape(const Napi::CallbackInfo& info);
  Napi::Value dtype(const Napi::CallbackInfo& info);
  Napi::Value device(const Napi::CallbackInfo& info);
  Napi::Value is_disposed(const Napi::CallbackInfo& info);
  Napi::Value bytes(const Napi::CallbackInfo& info);
  Napi::Value to(const Napi::CallbackInfo& info);
  void dispose(const Napi::CallbackInfo& info);
};

Napi::Value wrap(Napi::Env env, at::Tensor tensor);
at::Tensor tensor_of(const Napi::Value& value, const char* name);

// The bytes of a typed array, valid while JavaScript does not run.
std::span<const uint8_t> bytes_of(const Napi::Value& value);
at::ScalarType dtype_of(const std::string& name);
at::Device device_of(const std::string& name);

}  // namespace ssd
