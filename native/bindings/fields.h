#pragma once

#include <napi.h>

#include <array>
#include <string>
#include <vector>

#include "core/error.h"

namespace ssd {

// The value of `names` at the position of the text.
template <class T>
T choose(const std::string& text, std::initializer_list<std::pair<const char*, T>> names,
         const char* what) {
  for (const auto& [name, value] : names) {
    if (text == name) return value;
  }
  throw Error(Code::BadOption, std::string("expected a known ") + what + ", got " + text);
}

// Reads named fields of an options object. Values were checked in TypeScript (one schema each);
// a field of the wrong type is still an error that names it, never a crash.
class Fields {
 public:
  Fields(const Napi::Value& value, const char* what);

  bool has(const char* key) const;
  double number(const char* key) const;
  double number(const char* key, double fallback) const {
    return has(key) ? number(key) : fallback;
  }
  int64_t integer(const char* key) const { return static_cast<int64_t>(number(key)); }
  bool flag(const char* key, bool fallback) const;
  std::string text(const char* key) const;
  std::vector<double> numbers(const char* key) const;
  std::array<float, 3> rgb(const char* key) const;
  std::vector<int64_t> integers(const char* key) const;
  std::vector<std::string> texts(const char* key) const;
  Napi::Array array(const char* key) const;
  Napi::Value value(const char* key) const { return object_.Get(key); }

  // Elements of a typed array, copied.
  template <class T>
  std::vector<T> typed(const char* key) const {
    const auto field = value(key);
    if (!field.IsTypedArray()) fail(key, "a typed array");
    const auto array = field.As<Napi::TypedArrayOf<T>>();
    return {array.Data(), array.Data() + array.ElementLength()};
  }

 private:
  [[noreturn]] void fail(const char* key, const char* expected) const;

  Napi::Object object_;
  const char* what_;
};

}  // namespace ssd
