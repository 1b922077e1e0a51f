#pragma once

#include <napi.h>

#include <exception>
#include <utility>

namespace ssd {

// Any exception as an SsdError of JavaScript: its code, and LibTorch's message without the trace.
Napi::Error to_error(Napi::Env env, const std::exception_ptr& exception);

// Every entry from JavaScript runs inside this: node-addon-api turns only Napi::Error into a
// JavaScript error, anything else would end the process.
template <class Body>
auto guard(Napi::Env env, Body&& body) {
  try {
    return std::forward<Body>(body)();
  } catch (const Napi::Error&) {
    throw;
  } catch (...) {
    throw to_error(env, std::current_exception());
  }
}

}  // namespace ssd
