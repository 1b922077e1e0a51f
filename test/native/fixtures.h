#pragma once

#include <set>
#include <string>
#include <vector>

#include "boxes/priors.h"
#include "models/model.h"
#include "train/batch.h"

// The grid of SSD300.
ssd::PriorGrid ssd300_grid();

// A detector small enough for a test: 16 x 16 pictures, one 8 x 8 map with two priors a cell.
//   1 body.conv  2 body.norm  3 relu6  4 loc.0  5 conf.0
constexpr int64_t kTinySide = 16, kTinyClasses = 3, kTinyPriors = 128;
ssd::Graph tiny_graph();
ssd::PriorGrid tiny_grid();

// Two pictures with a bright square each, their truths, and indices 4 and 9.
ssd::Batch tiny_batch();

// A model's tensors as they were, to be compared to the bit.
class Snapshot {
 public:
  explicit Snapshot(ssd::Model& model);
  // Names of the tensors that differ.
  std::set<std::string> changed(ssd::Model& model) const;

 private:
  std::vector<at::Tensor> values_;
};

inline const std::set<std::string> kNothing;
