#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace ssd {

// The codes of lib/errors.ts; `code_name` gives the literal.
enum class Code {
  BadOption,
  BadData,
  BadCheckpoint,
  NoCuda,
  OutOfMemory,
  Cancelled,
  Disposed,
  Diverged,
  Internal,
};

constexpr const char* code_name(Code code) {
  switch (code) {
    case Code::BadOption:
      return "BAD_OPTION";
    case Code::BadData:
      return "BAD_DATA";
    case Code::BadCheckpoint:
      return "BAD_CHECKPOINT";
    case Code::NoCuda:
      return "NO_CUDA";
    case Code::OutOfMemory:
      return "OUT_OF_MEMORY";
    case Code::Cancelled:
      return "CANCELLED";
    case Code::Disposed:
      return "DISPOSED";
    case Code::Diverged:
      return "DIVERGED";
    case Code::Internal:
      return "INTERNAL";
  }
  return "INTERNAL";
}

// An error with a category and a sentence: what was expected, what came, where.
class Error : public std::runtime_error {
 public:
  Error(Code code, const std::string& sentence) : std::runtime_error(sentence), code(code) {}
  const Code code;
};

// Something of a step was not finite; with the indices of its pictures, where they have any.
class DivergedError : public Error {
 public:
  DivergedError(const std::string& sentence, std::vector<int32_t> pictures)
      : Error(Code::Diverged, sentence), pictures(std::move(pictures)) {}
  const std::vector<int32_t> pictures;
};

}  // namespace ssd
