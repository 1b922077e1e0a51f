#include "losses/rows.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/eight.h"
#include "core/vector_math.h"

namespace ssd {

namespace {

// Rows side by side: with a class a line, whatever is done to a row is done to all of them at once.
constexpr int64_t kTile = 8;
// Lines that are turned at a time, whatever the number of classes.
constexpr int64_t kLines = 32;

// Lines [from, from + count) of kTile rows: tile [count, kTile]. A last block of fewer than eight
// lines is turned with the lines before it, so that nothing is read behind a row.
SSD_INLINE void turn(const float* rows, int64_t classes, int64_t from, int64_t count, Eight* tile) {
  if (count < kTile) {
    for (int64_t c = 0; c < count; ++c) {
      for (int64_t r = 0; r < kTile; ++r) tile[c][r] = rows[r * classes + from + c];
    }
    return;
  }
  for (int64_t c = 0; c < count; c += kTile) {
    const int64_t first = c + kTile <= count ? c : count - kTile;
    turn_eight(rows + from + first, classes, tile + first);
  }
}

SSD_INLINE void entropy_tile(const float* rows, int64_t classes, float* ce) {
  Eight tile[kLines], none{}, most, sum{};
  for (int64_t r = 0; r < kTile; ++r) none[r] = rows[r * classes];
  most = none;
  for (int64_t from = 0; from < classes; from += kLines) {
    const int64_t count = classes - from < kLines ? classes - from : kLines;
    turn(rows, classes, from, count, tile);
    const Eight before = most;
    for (int64_t c = 0; c < count; ++c) most = tile[c] > most ? tile[c] : most;
    if (from > 0) sum *= fast_exp(before - most);
    for (int64_t c = 0; c < count; ++c) sum += fast_exp(tile[c] - most);
  }
  store(fast_log(sum) + (most - none), ce);
}

// As many tiles as there are, in one vector loop.
SSD_VECTOR_CLONES void entropy_tiles(const float* rows, int64_t tiles, int64_t classes, float* ce) {
  for (int64_t i = 0; i < tiles; ++i) {
    entropy_tile(rows + i * kTile * classes, classes, ce + i * kTile);
  }
}

// Eight sums side by side, so that a row can be added up in vectors; the order is the same
// everywhere.
SSD_VECTOR_CLONES Normaliser<float> softmax_row(const float* __restrict row, int64_t classes,
                                                float scale, float* __restrict p) {
  constexpr int64_t kSide = 8;
  float most = row[0] * scale;
  for (int64_t c = 1; c < classes; ++c) most = row[c] * scale > most ? row[c] * scale : most;
  for (int64_t c = 0; c < classes; ++c) p[c] = fast_exp(row[c] * scale - most);
  float side[kSide] = {};
  int64_t c = 0;
  for (; c + kSide <= classes; c += kSide) {
    for (int64_t i = 0; i < kSide; ++i) side[i] += p[c + i];
  }
  float sum = 0;
  for (; c < classes; ++c) sum += p[c];
  for (const float part : side) sum += part;
  const float over = 1 / sum;
  for (int64_t i = 0; i < classes; ++i) p[i] *= over;
  return {most, fast_log(sum)};
}

}  // namespace

void background_entropies(const float* logits, int64_t rows, int64_t classes, float* ce) {
  entropy_tiles(logits, rows / kTile, classes, ce);
  if (rows % kTile == 0) return;
  if (rows >= kTile) {
    // The last ones once more with some before them: a row's value never depends on its place.
    entropy_tiles(logits + (rows - kTile) * classes, 1, classes, ce + rows - kTile);
    return;
  }
  std::vector<float> few(static_cast<size_t>(kTile * classes), 0);
  float out[kTile];
  std::copy_n(logits, rows * classes, few.begin());
  entropy_tiles(few.data(), 1, classes, out);
  std::copy_n(out, rows, ce);
}

void background_entropies(const double* logits, int64_t rows, int64_t classes, double* ce) {
  for (int64_t r = 0; r < rows; ++r) {
    const double* const row = logits + r * classes;
    const double most = *std::max_element(row, row + classes);
    double sum = 0;
    for (int64_t c = 0; c < classes; ++c) sum += std::exp(row[c] - most);
    ce[r] = std::log(sum) + (most - row[0]);
  }
}

Normaliser<float> softmax(const float* row, int64_t classes, float scale, float* p) {
  return softmax_row(row, classes, scale, p);
}

Normaliser<double> softmax(const double* row, int64_t classes, double scale, double* p) {
  double most = row[0] * scale, sum = 0;
  for (int64_t c = 1; c < classes; ++c) most = std::max(most, row[c] * scale);
  for (int64_t c = 0; c < classes; ++c) sum += p[c] = std::exp(row[c] * scale - most);
  for (int64_t c = 0; c < classes; ++c) p[c] /= sum;
  return {most, std::log(sum)};
}

}  // namespace ssd
