#include "train/batch.h"

#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>

#include <algorithm>

namespace ssd {

Targets pad(const std::vector<Truths>& pictures) {
  size_t longest = 1;
  for (const auto& picture : pictures) longest = std::max(longest, picture.labels.size());
  const auto batch = static_cast<int64_t>(pictures.size());
  const auto width = static_cast<int64_t>(longest);
  Targets out{at::zeros({batch, width, 4}, at::kFloat), at::full({batch, width}, -1, at::kLong)};
  for (size_t i = 0; i < pictures.size(); ++i) {
    const auto& [boxes, labels] = pictures[i];
    std::copy(boxes.begin(), boxes.end(), out.boxes.data_ptr<float>() + i * longest * 4);
    std::copy(labels.begin(), labels.end(), out.labels.data_ptr<int64_t>() + i * longest);
  }
  return out;
}

}  // namespace ssd
