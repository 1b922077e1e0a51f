#include "core/error.h"

#include <set>

#include "check.h"

namespace ssd {
namespace {

TEST(every_code_has_its_literal) {
  const std::vector<Code> codes{Code::BadOption,   Code::BadData,   Code::BadCheckpoint,
                                Code::NoCuda,      Code::Cancelled, Code::Disposed,
                                Code::OutOfMemory, Code::Diverged,  Code::Internal};
  std::set<std::string> names;
  for (const auto code : codes) names.insert(code_name(code));
  EXPECT_EQ((std::set<std::string>{"BAD_CHECKPOINT", "BAD_DATA", "BAD_OPTION", "CANCELLED",
                                   "DISPOSED", "DIVERGED", "INTERNAL", "NO_CUDA", "OUT_OF_MEMORY"}),
            names);
}

TEST(an_error_carries_code_and_sentence) {
  const Error error(Code::BadData, "expected a picture, got none");
  const std::exception& caught = error;
  EXPECT(error.code == Code::BadData);
  EXPECT_EQ("expected a picture, got none", std::string(caught.what()));
}

}  // namespace
}  // namespace ssd
