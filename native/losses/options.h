#pragma once

#include <vector>

#include "boxes/coder.h"
#include "matching/matcher.h"
#include "matching/mining.h"

namespace ssd {

// The soft term: the class-weighted cross-entropy of Chen et al. (NIPS 2017), or the true KL
// divergence without weights.
enum class Soft { CrossEntropy, KullbackLeibler };

struct KdOptions {
  double temperature = 1;
  double neg_weight = 1.5;
  double pos_weight = 1;
  double margin = 0;
  Soft soft = Soft::CrossEntropy;
  double mu = 0.7;
  double nu = 0.5;
};

struct LossOptions {
  MatchOptions match{};
  MiningOptions mining{};
  KdOptions kd{};
};

// What a kernel is told, as the dispatcher carries it: plain numbers.
struct LossSettings {
  double v0, v1;
  MiningOptions mining{};
  KdOptions kd{};
};

inline std::vector<double> to_numbers(const LossOptions& o) {
  return {o.match.variances[0],
          o.match.variances[1],
          o.mining.neg_pos_ratio,
          static_cast<double>(o.mining.negatives_for_hard),
          o.mining.article ? 1.0 : 0.0,
          o.kd.temperature,
          o.kd.neg_weight,
          o.kd.pos_weight,
          o.kd.margin,
          o.kd.soft == Soft::KullbackLeibler ? 1.0 : 0.0,
          o.kd.mu,
          o.kd.nu};
}

inline LossSettings to_settings(const double* n) {
  return {n[0],
          n[1],
          {n[2], static_cast<int64_t>(n[3]), n[4] != 0},
          {n[5], n[6], n[7], n[8], n[9] != 0 ? Soft::KullbackLeibler : Soft::CrossEntropy, n[10],
           n[11]}};
}

}  // namespace ssd
