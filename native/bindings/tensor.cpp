#include "bindings/tensor.h"

#include <ATen/ops/empty.h>

#include <array>
#include <cstring>

#include "bindings/guard.h"
#include "core/check.h"
#include "core/devices.h"

namespace ssd {

namespace {

constexpr std::array<std::pair<const char*, at::ScalarType>, 8> kTypes{{{"float32", at::kFloat},
                                                                        {"float64", at::kDouble},
                                                                        {"float16", at::kHalf},
                                                                        {"bfloat16", at::kBFloat16},
                                                                        {"int64", at::kLong},
                                                                        {"int32", at::kInt},
                                                                        {"uint8", at::kByte},
                                                                        {"bool", at::kBool}}};

// tensor(data, shape, dtype): copies.
Napi::Value make(const Napi::CallbackInfo& info) {
  return guard(info.Env(), [&] {
    const auto data = bytes_of(info[0]);
    std::vector<int64_t> shape;
    const auto sides = info[1].As<Napi::Array>();
    for (uint32_t i = 0; i < sides.Length(); ++i) {
      shape.push_back(sides.Get(i).As<Napi::Number>().Int64Value());
    }
    auto tensor = at::empty(shape, dtype_of(info[2].As<Napi::String>()));
    if (tensor.nbytes() != data.size()) {
      throw Error(Code::BadOption, "tensor: expected " + std::to_string(tensor.nbytes()) +
                                       " bytes for shape " + show(shape) + ", got " +
                                       std::to_string(data.size()));
    }
    std::memcpy(tensor.data_ptr(), data.data(), data.size());
    return wrap(info.Env(), std::move(tensor));
  });
}

}  // namespace

std::span<const uint8_t> bytes_of(const Napi::Value& value) {
  const auto data = value.As<Napi::TypedArray>();
  const auto* start = static_cast<const uint8_t*>(data.ArrayBuffer().Data()) + data.ByteOffset();
  return {start, data.ByteLength()};
}

at::ScalarType dtype_of(const std::string& name) {
  for (const auto& [known, type] : kTypes) {
    if (name == known) return type;
  }
  throw Error(Code::BadOption, "expected a dtype such as float32, got " + name);
}

at::Device device_of(const std::string& name) {
  const bool cuda = name == "cuda" || name.starts_with("cuda:");
  if (name != "cpu" && !cuda) {
    throw Error(Code::BadOption, "expected device cpu, cuda or cuda:N, got " + name);
  }
  if (cuda) require_cuda(name);
  return at::Device(name);
}

TensorWrap::TensorWrap(const Napi::CallbackInfo& info) : Napi::ObjectWrap<TensorWrap>(info) {
  if (info.Length() == 1 && info[0].IsExternal()) {
    value_ = std::make_shared<at::Tensor>(*info[0].As<Napi::External<at::Tensor>>().Data());
    return;
  }
  throw Napi::TypeError::New(info.Env(), "tensors come from tensor()");
}

Napi::Value TensorWrap::shape(const Napi::CallbackInfo& info) {
  return guard(info.Env(), [&] {
    const auto sizes = get()->sizes();
    auto out = Napi::Array::New(info.Env(), sizes.size());
    for (uint32_t i = 0; i < sizes.size(); ++i) out.Set(i, static_cast<double>(sizes[i]));
    return out;
  });
}

Napi::Value TensorWrap::dtype(const Napi::CallbackInfo& info) {
  return guard(info.Env(), [&]() -> Napi::Value {
    for (const auto& [name, type] : kTypes) {
      if (get()->scalar_type() == type) return Napi::String::New(info.Env(), name);
    }
    throw Error(Code::Internal, "a tensor of an unknown dtype");
  });
}

Napi::Value TensorWrap::device(const Napi::CallbackInfo& info) {
  return guard(info.Env(), [&] { return Napi::String::New(info.Env(), get()->device().str()); });
}

Napi::Value TensorWrap::is_disposed(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), disposed());
}

Napi::Value TensorWrap::bytes(const Napi::CallbackInfo& info) {
  return guard(info.Env(), [&] {
    const auto host = get()->detach().to(at::kCPU).contiguous();
    auto out = Napi::ArrayBuffer::New(info.Env(), host.nbytes());
    std::memcpy(out.Data(), host.const_data_ptr(), host.nbytes());
    return out;
  });
}

Napi::Value TensorWrap::to(const Napi::CallbackInfo& info) {
  return guard(info.Env(), [&] {
    auto tensor = get()->detach().to(device_of(info[0].As<Napi::String>()));
    if (info[1].IsString()) tensor = tensor.to(dtype_of(info[1].As<Napi::String>()));
    return wrap(info.Env(), std::move(tensor));
  });
}

void TensorWrap::dispose(const Napi::CallbackInfo&) {
  value_.reset();
}

Napi::Function TensorWrap::define(Napi::Env env) {
  return DefineClass(
      env, "NativeTensor",
      {InstanceAccessor<&TensorWrap::shape>("shape"), InstanceAccessor<&TensorWrap::dtype>("dtype"),
       InstanceAccessor<&TensorWrap::device>("device"),
       InstanceAccessor<&TensorWrap::is_disposed>("disposed"),
       InstanceMethod<&TensorWrap::bytes>("bytes"), InstanceMethod<&TensorWrap::to>("to"),
       InstanceMethod<&TensorWrap::dispose>("dispose")});
}

Napi::Value wrap(Napi::Env env, at::Tensor tensor) {
  return Addon::of(env).tensor.New({Napi::External<at::Tensor>::New(env, &tensor)});
}

at::Tensor tensor_of(const Napi::Value& value, const char* name) {
  return *unwrap<TensorWrap>(value, Addon::of(value.Env()).tensor, name).get();
}

void define_tensor(Napi::Env env, Napi::Object exports) {
  Addon::of(env).tensor = Napi::Persistent(TensorWrap::define(env));
  exports.Set("tensor", Napi::Function::New<make>(env, "tensor"));
}

}  // namespace ssd
