#include "bindings/fields.h"

namespace ssd {

Fields::Fields(const Napi::Value& value, const char* what) : what_(what) {
  if (!value.IsObject()) {
    throw Error(Code::BadOption,
                std::string("expected an object for ") + what + ", got something else");
  }
  object_ = value.As<Napi::Object>();
}

void Fields::fail(const char* key, const char* expected) const {
  throw Error(Code::BadOption, std::string(what_) + ": expected " + expected + " for " + key +
                                   ", got something else");
}

bool Fields::has(const char* key) const {
  const auto field = value(key);
  return !field.IsUndefined() && !field.IsNull();
}

double Fields::number(const char* key) const {
  const auto field = value(key);
  if (!field.IsNumber()) fail(key, "a number");
  return field.As<Napi::Number>().DoubleValue();
}

bool Fields::flag(const char* key, bool fallback) const {
  if (!has(key)) return fallback;
  const auto field = value(key);
  if (!field.IsBoolean()) fail(key, "true or false");
  return field.As<Napi::Boolean>().Value();
}

std::string Fields::text(const char* key) const {
  const auto field = value(key);
  if (!field.IsString()) fail(key, "a string");
  return field.As<Napi::String>().Utf8Value();
}

Napi::Array Fields::array(const char* key) const {
  const auto field = value(key);
  if (!field.IsArray()) fail(key, "an array");
  return field.As<Napi::Array>();
}

std::vector<double> Fields::numbers(const char* key) const {
  const auto list = array(key);
  std::vector<double> out;
  for (uint32_t i = 0; i < list.Length(); ++i) {
    const Napi::Value element = list.Get(i);
    if (!element.IsNumber()) fail(key, "an array of numbers");
    out.push_back(element.As<Napi::Number>().DoubleValue());
  }
  return out;
}

std::array<float, 3> Fields::rgb(const char* key) const {
  const auto values = numbers(key);
  if (values.size() != 3) fail(key, "three numbers");
  return {static_cast<float>(values[0]), static_cast<float>(values[1]),
          static_cast<float>(values[2])};
}

std::vector<int64_t> Fields::integers(const char* key) const {
  const auto values = numbers(key);
  return {values.begin(), values.end()};
}

std::vector<std::string> Fields::texts(const char* key) const {
  const auto list = array(key);
  std::vector<std::string> out;
  for (uint32_t i = 0; i < list.Length(); ++i) out.push_back(list.Get(i).ToString().Utf8Value());
  return out;
}

}  // namespace ssd
