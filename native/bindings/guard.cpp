#include "bindings/guard.h"

#include <c10/util/Exception.h>

#include <new>
#include <string>
#include <vector>

#include "bindings/addon.h"
#include "core/error.h"

namespace ssd {

namespace {

struct Described {
  Code code;
  std::string sentence;
  std::vector<int32_t> pictures = {};
};

std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

Described describe(const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const DivergedError& error) {
    return {error.code, error.what(), error.pictures};
  } catch (const Error& error) {
    return {error.code, error.what()};
  } catch (const c10::OutOfMemoryError& error) {
    return {Code::OutOfMemory, first_line(error.what_without_backtrace())};
  } catch (const c10::Error& error) {
    const auto sentence = first_line(error.what_without_backtrace());
    // The CPU allocator has no type of its own for this.
    const bool memory = sentence.find("can't allocate memory") != std::string::npos;
    return {memory ? Code::OutOfMemory : Code::Internal, sentence};
  } catch (const std::bad_alloc&) {
    return {Code::OutOfMemory, "expected memory for the result, got none"};
  } catch (const std::exception& error) {
    return {Code::Internal, error.what()};
  } catch (...) {
    return {Code::Internal, "an unknown error"};
  }
}

}  // namespace

Napi::Error to_error(Napi::Env env, const std::exception_ptr& exception) {
  const auto [code, sentence, pictures] = describe(exception);
  auto& constructor = Addon::of(env).error;
  if (constructor.IsEmpty()) return Napi::Error::New(env, sentence);
  const auto error =
      constructor.New({Napi::String::New(env, code_name(code)), Napi::String::New(env, sentence)});
  if (!pictures.empty()) {
    auto indices = Napi::Array::New(env, pictures.size());
    for (uint32_t i = 0; i < pictures.size(); ++i) indices.Set(i, pictures[i]);
    error.Set("pictures", indices);
  }
  return Napi::Error(env, error);
}

}  // namespace ssd
