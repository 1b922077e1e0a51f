#pragma once

#include <vector>

#include "data/resample.h"
#include "pictures.h"

// A training picture of layers, one for each painting: [S][S][3] as doubles.
std::vector<double> composed(const std::vector<ssd::Layer>& layers,
                             const std::vector<Painting>& paintings, const ssd::Frame& frame);

// The same of one layer as the formulas say it, a pixel at a time: the slow twin.
std::vector<double> pixelwise(const ssd::Layer& layer, const ssd::Picture& picture,
                              const ssd::Frame& frame);
