#pragma once

#include <ATen/core/Tensor.h>

namespace ssd {

// Corner form [x1, y1, x2, y2] and centre form [cx, cy, w, h], both relative to the picture (0..1),
// in the last dimension.
at::Tensor to_corners(const at::Tensor& centres);
at::Tensor to_centres(const at::Tensor& corners);

// IoU of every box of a [..., A, 4] with every box of b [..., B, 4], both in corners: [..., A, B].
// inter / (area_a + area_b - inter), with no +1 and no epsilon.
at::Tensor jaccard(const at::Tensor& a, const at::Tensor& b);

}  // namespace ssd
