// The harness on itself: a check that cannot fail would let everything pass.
#include "check.h"

#include <limits>

namespace {

template <class F>
std::string failure(F body) {
  try {
    body();
  } catch (const check::Failed& failed) {
    return failed.message;
  }
  return "";
}

}  // namespace

TEST(a_check_that_holds_says_nothing) {
  EXPECT(true);
  EXPECT_EQ(2, size_t{2});
  EXPECT_NEAR(1.0, 1.05, 0.1);
  EXPECT_THROWS(ssd::Code::BadData, throw ssd::Error(ssd::Code::BadData, ""));
}

TEST(a_check_that_fails_says_where_and_what) {
  const std::vector<int> wanted{1, 2}, found{1, 3};
  const auto message = failure([&] { EXPECT_EQ(wanted, found); });
  EXPECT(message.find("check_test.cpp:") != std::string::npos);
  EXPECT(message.find("expected 1 2") != std::string::npos);
  EXPECT(message.find("got      1 3") != std::string::npos);
  EXPECT(!failure([] { EXPECT(false); }).empty());
}

TEST(near_refuses_other_lengths_and_nan) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT(!failure([] { EXPECT_NEAR(1.0, 1.2, 0.1); }).empty());
  EXPECT(!failure([&] { EXPECT_NEAR(1.0, nan, 0.1); }).empty());
  EXPECT(!failure([&] { EXPECT_NEAR(nan, nan, 0.1); }).empty());
  EXPECT(!failure([] { EXPECT_NEAR((std::vector<double>{1}), std::vector<double>{}, 9); }).empty());
}

TEST(throws_asks_for_the_code) {
  const auto wrong = failure([] {
    EXPECT_THROWS(ssd::Code::BadData, throw ssd::Error(ssd::Code::BadOption, "a sentence"));
  });
  EXPECT(wrong.find("expected BAD_DATA") != std::string::npos);
  EXPECT(wrong.find("BAD_OPTION: a sentence") != std::string::npos);
  EXPECT(!failure([] { EXPECT_THROWS(ssd::Code::BadData, 1 + 1); }).empty());
  EXPECT(!failure([] { EXPECT_THROWS(ssd::Code::BadData, throw std::bad_alloc()); }).empty());
}
