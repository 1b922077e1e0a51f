#include "core/eight.h"

#include <vector>

#include "check.h"

namespace ssd {
namespace {

TEST(turning_makes_columns_of_rows) {
  for (const int64_t stride : {8, 11, 21}) {
    // Not one number more than the eight rows have.
    std::vector<float> rows(static_cast<size_t>(7 * stride + 8));
    for (size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<float>(i);
    Eight columns[8];
    turn_eight(rows.data(), stride, columns);
    for (int column = 0; column < 8; ++column) {
      for (int row = 0; row < 8; ++row) {
        EXPECT_EQ(static_cast<float>(row * stride + column), columns[column][row]);
      }
    }
  }
}

}  // namespace
}  // namespace ssd
