#pragma once

#include <cstdint>

namespace ssd {

// log(sum(exp(row))) of rows of logits [rows, classes], each with its own maximum: lse [rows].
void log_sum_exp(const float* logits, int64_t rows, int64_t classes, float* lse);
void log_sum_exp(const double* logits, int64_t rows, int64_t classes, double* lse);

// softmax(scale * row) of one row into p [classes]; returns log(sum(exp(scale * row))).
float softmax(const float* row, int64_t classes, float scale, float* p);
double softmax(const double* row, int64_t classes, double scale, double* p);

}  // namespace ssd
