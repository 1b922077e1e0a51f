#pragma once

#include <cmath>
#include <cstdint>
#include <limits>

#include "losses/formula.h"

namespace ssd {

__device__ inline float warp_sum(float value) {
  for (int offset = 16; offset > 0; offset /= 2) {
    value += __shfl_xor_sync(0xffffffffU, value, offset);
  }
  return value;
}

__device__ inline float warp_max(float value) {
  for (int offset = 16; offset > 0; offset /= 2) {
    value = fmaxf(value, __shfl_xor_sync(0xffffffffU, value, offset));
  }
  return value;
}

// As Normaliser of rows.h.
struct WarpNorm {
  float most, log_sum;

  __device__ float log_p(float logit) const { return (logit - most) - log_sum; }
};

// Of scale * row, by a warp.
template <class T>
__device__ WarpNorm normalise(const T* row, int32_t classes, float scale, int lane) {
  float most = -std::numeric_limits<float>::infinity();
  for (int32_t c = lane; c < classes; c += 32) {
    most = fmaxf(most, static_cast<float>(row[c]) * scale);
  }
  most = warp_max(most);
  float sum = 0;
  for (int32_t c = lane; c < classes; c += 32) {
    sum += expf(static_cast<float>(row[c]) * scale - most);
  }
  return {most, logf(warp_sum(sum))};
}

// The hard and the soft term of a row that counts, by a warp; as Terms::row of terms.h. The sums
// are those of the first lane.
template <class T>
__device__ void class_terms(const T* student, const T* teacher, int32_t classes, int32_t target,
                            const KdOptions& o, float over_n, int lane, Sums& sums, T* grad) {
  const auto norm = normalise(student, classes, 1.0F, lane);
  const float hard = (teacher == nullptr ? 1.0F : static_cast<float>(o.mu)) * over_n;
  // A label past the logits has no row: it shows as no number.
  sums.conf += target < classes
                   ? -static_cast<double>(norm.log_p(static_cast<float>(student[target])))
                   : std::numeric_limits<double>::quiet_NaN();
  const auto t = static_cast<float>(o.temperature);
  const float scale = 1.0F / t;
  const bool kl = o.soft == Soft::KullbackLeibler;
  WarpNorm own{}, taught{};
  float whole = 0, value = 0;
  if (teacher != nullptr) {
    own = t == 1.0F ? norm : normalise(student, classes, scale, lane);
    taught = normalise(teacher, classes, scale, lane);
    for (int32_t c = lane; c < classes; c += 32) {
      const float log_q = own.log_p(static_cast<float>(student[c]) * scale);
      const float log_p = taught.log_p(static_cast<float>(teacher[c]) * scale);
      // The weight belongs to the class column.
      const auto weight = static_cast<float>(kl ? 1.0 : c == 0 ? o.neg_weight : o.pos_weight);
      const float w = weight * expf(log_p);
      value += w * (kl ? log_p - log_q : -log_q);
      whole += w;
    }
    sums.soft += static_cast<double>(warp_sum(value) * t * t);
    whole = kl ? 1.0F : warp_sum(whole);
  }
  const bool softens = teacher != nullptr && o.mu < 1;
  const float soft = static_cast<float>(1 - o.mu) * t * over_n;
  for (int32_t c = lane; c < classes; c += 32) {
    const auto x = static_cast<float>(student[c]);
    float g = (expf(norm.log_p(x)) - (c == target ? 1.0F : 0.0F)) * hard;
    if (softens) {
      const auto weight = static_cast<float>(kl ? 1.0 : c == 0 ? o.neg_weight : o.pos_weight);
      const float w = weight * expf(taught.log_p(static_cast<float>(teacher[c]) * scale));
      g += (whole * expf(own.log_p(x * scale)) - w) * soft;
    }
    grad[c] = static_cast<T>(g);
  }
}

}  // namespace ssd
