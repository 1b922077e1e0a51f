#include "boxes/priors.h"

#include <cmath>

#include "boxes/box.h"
#include "core/error.h"
#include "fixtures.h"
#include "tensors.h"

namespace ssd {
namespace {

void check_row(const at::Tensor& priors, int64_t i, const std::vector<double>& expected) {
  EXPECT_NEAR(expected, priors.select(0, i), 1e-7);
}

TEST(ssd300_has_8732_priors_within_the_picture) {
  const auto priors = prior_boxes(ssd300_grid());
  EXPECT_EQ((std::vector<int64_t>{8732, 4}), priors.sizes().vec());
  EXPECT(priors.scalar_type() == at::kFloat);
  EXPECT(priors.min().item<float>() > 0);
  EXPECT_EQ(1.0F, priors.max().item<float>());
}

TEST(first_cell_by_hand) {
  const auto priors = prior_boxes(ssd300_grid());
  const double centre = 0.5 * 8 / 300, side = 0.1, root = std::sqrt(2);
  check_row(priors, 0, {centre, centre, side, side});
  check_row(priors, 1, {centre, centre, std::sqrt(0.1 * 0.2), std::sqrt(0.1 * 0.2)});
  check_row(priors, 2, {centre, centre, side * root, side / root});
  check_row(priors, 3, {centre, centre, side / root, side * root});
}

TEST(cells_go_row_by_row) {
  const auto priors = prior_boxes(ssd300_grid());
  check_row(priors, 4, {1.5 * 8 / 300, 0.5 * 8 / 300, 0.1, 0.1});
  check_row(priors, 4 * 38, {0.5 * 8 / 300, 1.5 * 8 / 300, 0.1, 0.1});
}

TEST(later_maps_have_their_steps_sizes_and_ratios) {
  const auto priors = prior_boxes(ssd300_grid());
  const int64_t second = 38 * 38 * 4;
  check_row(priors, second, {0.5 * 16 / 300, 0.5 * 16 / 300, 0.2, 0.2});
  check_row(priors, second + 4,
            {0.5 * 16 / 300, 0.5 * 16 / 300, 0.2 * std::sqrt(3), 0.2 / std::sqrt(3)});
  check_row(priors, second + 6, {1.5 * 16 / 300, 0.5 * 16 / 300, 0.2, 0.2});  // six a cell
  check_row(priors, 8732 - 4, {0.5, 0.5, 0.88, 0.88});
  check_row(priors, 8732 - 3, {0.5, 0.5, std::sqrt(0.88 * 1.05), std::sqrt(0.88 * 1.05)});
}

TEST(clipping_holds_the_numbers_not_the_corners) {
  auto grid = ssd300_grid();
  const double wide = 0.88 * std::sqrt(2), tall = 0.88 / std::sqrt(2);
  check_row(prior_boxes(grid), 8732 - 2, {0.5, 0.5, 1, tall});
  grid.clip = Clip::None;
  check_row(prior_boxes(grid), 8732 - 2, {0.5, 0.5, wide, tall});
  check_row(prior_boxes(grid), 8732 - 1, {0.5, 0.5, tall, wide});
  // The first prior reaches over the edge and is left so.
  check_row(prior_boxes(ssd300_grid()), 0, {0.5 * 8 / 300, 0.5 * 8 / 300, 0.1, 0.1});
}

TEST(clipping_sizes_leaves_centres_outside) {
  // The cells of the third map reach over the edge: ten of 32 in 300.
  auto grid = ssd300_grid();
  const int64_t third = (38 * 38 * 4) + (19 * 19 * 6), last = third + 99 * 6;
  check_row(prior_boxes(grid), last, {1, 1, 0.37, 0.37});
  grid.clip = Clip::Sizes;
  check_row(prior_boxes(grid), last, {9.5 * 32 / 300, 9.5 * 32 / 300, 0.37, 0.37});
  check_row(prior_boxes(grid), 8732 - 2, {0.5, 0.5, 1, 0.88 / std::sqrt(2)});
}

TEST(clipping_corners_moves_what_reaches_over_an_edge) {
  auto grid = ssd300_grid();
  grid.clip = Clip::Corners;
  const auto priors = prior_boxes(grid);
  const double reach = 0.5 * 8 / 300 + 0.05;
  check_row(priors, 0, {reach / 2, reach / 2, reach, reach});
  // Inside nothing moves; a prior that is the picture becomes the picture.
  const int64_t inside = (19 * 38 + 19) * 4;
  check_row(priors, inside, {19.5 * 8 / 300, 19.5 * 8 / 300, 0.1, 0.1});
  check_row(priors, 8732 - 2, {0.5, 0.5, 1, 0.88 / std::sqrt(2)});
  const auto corners = to_corners(priors);
  EXPECT(corners.min().item<float>() >= -1e-7F);
  EXPECT(corners.max().item<float>() <= 1 + 1e-6F);
}

TEST(a_map_without_ratios_has_the_two_squares) {
  const auto priors = prior_boxes({10, {2}, {5}, {4, 9}, {{}}, Clip::Centres});
  EXPECT_EQ((std::vector<int64_t>{8, 4}), priors.sizes().vec());
  check_row(priors, 0, {0.25, 0.25, 0.4, 0.4});
  check_row(priors, 1, {0.25, 0.25, 0.6, 0.6});
  check_row(priors, 6, {0.75, 0.75, 0.4, 0.4});
}

TEST(lists_that_disagree_throw) {
  const auto spoilt = [](auto change) {
    auto grid = ssd300_grid();
    change(grid);
    return grid;
  };
  EXPECT_THROWS(Code::BadOption, prior_boxes({}));
  EXPECT_THROWS(Code::BadOption, prior_boxes(spoilt([](auto& grid) { grid.size = 0; })));
  EXPECT_THROWS(Code::BadOption, prior_boxes(spoilt([](auto& grid) { grid.maps.pop_back(); })));
  EXPECT_THROWS(Code::BadOption, prior_boxes(spoilt([](auto& grid) { grid.steps.pop_back(); })));
  EXPECT_THROWS(Code::BadOption, prior_boxes(spoilt([](auto& grid) { grid.sizes.pop_back(); })));
  EXPECT_THROWS(Code::BadOption, prior_boxes(spoilt([](auto& grid) { grid.ratios.pop_back(); })));
}

}  // namespace
}  // namespace ssd
