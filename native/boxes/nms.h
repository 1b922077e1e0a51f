#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <vector>

namespace ssd {

// Greedy non-maximum suppression over boxes [N, 4] in corners: int32 indices of the kept, best
// score first; ties by the lower index. A box goes when its IoU with a kept one is over `iou`.
// The decisions are sequential, so they are taken on the CPU whatever device the boxes live on.
at::Tensor nms(const at::Tensor& boxes, const at::Tensor& scores, double iou);

// The same over plain memory; `order` holds the candidates, best first. Stops at `limit` kept.
std::vector<int32_t> nms(std::span<const float> boxes, std::span<const int32_t> order, float iou,
                         size_t limit);

// Indices 0..N-1 by falling score, ties by the lower index; those under `least` left out.
std::vector<int32_t> rank(std::span<const float> scores, float least);

}  // namespace ssd
