#include "train/batch.h"

#include "tensors.h"

namespace ssd {
namespace {

TEST(pictures_are_padded_to_the_longest) {
  const auto out = pad({{{0, 0, 1, 1, 0.5F, 0.5F, 0.75F, 0.75F}, {3, 0}},  //
                        {{0.1F, 0.2F, 0.3F, 0.4F}, {7}},
                        {}});
  EXPECT_EQ((std::vector<int64_t>{3, 2, 4}), out.boxes.sizes().vec());
  EXPECT_NEAR((std::vector<double>{3, 0, 7, -1, -1, -1}), out.labels, 0);
  EXPECT_NEAR((std::vector<double>{0,   0,   1,   1,   0.5, 0.5, 0.75, 0.75,  //
                                   0.1, 0.2, 0.3, 0.4, 0,   0,   0,    0,     //
                                   0,   0,   0,   0,   0,   0,   0,    0}),
              out.boxes, 1e-7);
  EXPECT(out.boxes.scalar_type() == at::kFloat && out.labels.scalar_type() == at::kLong);
}

TEST(pictures_without_truths_are_still_one_truth_wide) {
  const auto out = pad({{}, {}});
  EXPECT_EQ((std::vector<int64_t>{2, 1, 4}), out.boxes.sizes().vec());
  EXPECT_NEAR((std::vector<double>{-1, -1}), out.labels, 0);
}

TEST(a_full_batch_has_no_padding) {
  const auto out = pad({{{0, 0, 1, 1}, {0}}, {{0, 0, 1, 1}, {1}}});
  EXPECT_EQ(2, out.labels.numel());
  EXPECT(out.labels.min().item<int64_t>() == 0);
}

TEST(no_pictures_make_an_empty_batch) {
  EXPECT_EQ((std::vector<int64_t>{0, 1, 4}), pad({}).boxes.sizes().vec());
}

}  // namespace
}  // namespace ssd
