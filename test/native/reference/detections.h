#pragma once

#include "boxes/detections.h"

// Detections one class after another over a copy of all its scores: what the kernels' threads, keys
// and blocks of boxes are held to, bit by bit.
namespace ssd::reference {

std::vector<Detections> detections(const at::Tensor& loc, const at::Tensor& conf,
                                   const at::Tensor& priors, const DetectOptions& options);

}  // namespace ssd::reference
