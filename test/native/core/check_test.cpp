#include "core/check.h"

#include <ATen/ops/zeros.h>

#include "check.h"

namespace ssd {
namespace {

// What a call says when it throws.
template <class F>
std::string sentence(F body) {
  try {
    body();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(shape_takes_any_extent_for_minus_one) {
  check_shape(at::zeros({2, 3, 4}), {2, 3, 4}, "boxes");
  check_shape(at::zeros({2, 3, 4}), {-1, -1, 4}, "boxes");
  check_shape(at::zeros({}), {}, "a scalar");
}

TEST(shape_refuses_other_extents_and_ranks) {
  const auto tensor = at::zeros({2, 3});
  EXPECT_THROWS(Code::BadOption, check_shape(tensor, {2, 4}, "boxes"));
  EXPECT_THROWS(Code::BadOption, check_shape(tensor, {-1, 4}, "boxes"));
  EXPECT_THROWS(Code::BadOption, check_shape(tensor, {2}, "boxes"));
  EXPECT_THROWS(Code::BadOption, check_shape(tensor, {2, 3, -1}, "boxes"));
}

TEST(shape_names_expected_and_got) {
  const auto said = sentence([] { check_shape(at::zeros({2, 3}), {-1, 4}, "boxes"); });
  EXPECT_EQ("expected boxes of shape [-1, 4] (-1 is any), got [2, 3]", said);
}

TEST(floating_takes_every_floating_type) {
  for (const auto type : {at::kFloat, at::kDouble, at::kBFloat16, at::kHalf}) {
    check_floating(at::zeros({1}, type), "boxes");
  }
  EXPECT_THROWS(Code::BadOption, check_floating(at::zeros({1}, at::kLong), "boxes"));
  const auto said = sentence([] { check_floating(at::zeros({1}, at::kInt), "boxes"); });
  EXPECT_EQ("expected boxes of a floating type, got Int", said);
}

TEST(devices_must_agree) {
  const auto here = at::zeros({1});
  const auto elsewhere = at::zeros({1}, at::TensorOptions(at::kMeta));
  check_same_device(here, here, "boxes");
  const auto said = sentence([&] { check_same_device(here, elsewhere, "boxes"); });
  EXPECT_EQ("expected boxes on one device, got cpu and meta", said);
}

}  // namespace
}  // namespace ssd
