#pragma once

#include "boxes/detections.h"

// The same as ssd::detections, one class after another over a copy of all its scores: what its
// threads, keys and blocks of boxes are held to, bit by bit.
std::vector<ssd::Detections> slow_detections(const at::Tensor& loc, const at::Tensor& conf,
                                             const at::Tensor& priors,
                                             const ssd::DetectOptions& options);
