#pragma once

#include <cstdint>

namespace ssd {

// What makes a logit a log-probability; in two parts, since their sum would lose what a row that is
// nearly sure still has to say.
template <class T>
struct Normaliser {
  T most, log_sum;

  T log_p(T logit) const { return (logit - most) - log_sum; }
};

// Cross-entropy with class 0, the background, of rows of logits [rows, classes]: ce [rows].
void background_entropies(const float* logits, int64_t rows, int64_t classes, float* ce);
void background_entropies(const double* logits, int64_t rows, int64_t classes, double* ce);

// softmax(scale * row) of one row into p [classes].
Normaliser<float> softmax(const float* row, int64_t classes, float scale, float* p);
Normaliser<double> softmax(const double* row, int64_t classes, double scale, double* p);

}  // namespace ssd
