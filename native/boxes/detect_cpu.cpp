#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/zeros.h>
#include <torch/library.h>

#include <algorithm>
#include <functional>
#include <tuple>
#include <vector>

#include "boxes/detect.h"
#include "boxes/kept.h"
#include "boxes/suppress.h"

namespace ssd {

namespace {

using Keys = std::vector<uint64_t>;

// Leaves the `most` largest, falling.
void best_first(Keys& keys, size_t most) {
  if (keys.size() > most) {
    std::nth_element(keys.begin(), keys.begin() + static_cast<int64_t>(most), keys.end(),
                     std::greater<>());
    keys.resize(most);
  }
  std::sort(keys.begin(), keys.end(), std::greater<>());
}

// The candidates of each class of a picture: one pass over its scores, row by row as they lie.
void collect(const float* scores, int64_t priors, int64_t columns, float least, Keys* of_class) {
  for (int64_t prior = 0; prior < priors; ++prior) {
    const float* const row = scores + prior * columns + 1;
    for (int64_t c = 0; c < columns - 1; ++c) {
      if (row[c] >= least) {
        of_class[c].push_back(candidate_key(row[c], static_cast<uint32_t>(prior)));
      }
    }
  }
}

// Keeps of the candidates of one class those that no better one covers.
void suppress(Keys& keys, const Corners<float>* boxes, float iou, size_t top_k, size_t most,
              Kept& kept) {
  best_first(keys, top_k);
  kept.clear();
  size_t count = 0;
  for (const uint64_t key : keys) {
    if (count >= most) break;
    const auto& box = boxes[index_of(key)];
    if (kept.covers(box, iou)) continue;
    kept.add(box);
    keys[count++] = key;
  }
  keys.resize(count);
}

// The best of all classes of a picture as rows; how many.
int32_t write(const Keys* of_class, int64_t classes, const Corners<float>* boxes, int64_t most,
              float* rows) {
  Keys order;  // score and place in the concatenation of the classes
  std::vector<std::pair<int64_t, uint32_t>> places;
  for (int64_t c = 0; c < classes; ++c) {
    for (const uint64_t key : of_class[c]) {
      order.push_back(candidate_key(score_of(key), static_cast<uint32_t>(places.size())));
      places.emplace_back(c, index_of(key));
    }
  }
  best_first(order, static_cast<size_t>(most));
  for (const uint64_t key : order) {
    const auto& [label, prior] = places[index_of(key)];
    const auto& box = boxes[prior];
    for (const float side : {box.x1, box.y1, box.x2, box.y2})
      *rows++ = std::clamp(side, 0.0F, 1.0F);
    *rows++ = score_of(key);
    *rows++ = static_cast<float>(label);
  }
  return static_cast<int32_t>(order.size());
}

// What one picture's candidates go through; its classes share the threads, where it has them alone.
void detect_picture(const float* scores, const Corners<float>* boxes, int64_t priors,
                    int64_t columns, const DetectRules& rules, float* rows, int32_t* count) {
  const int64_t classes = columns - 1;
  std::vector<Keys> keys(static_cast<size_t>(classes));
  collect(scores, priors, columns, static_cast<float>(rules.min_score), keys.data());
  at::parallel_for(0, classes, 1, [&](int64_t from, int64_t to) {
    Kept kept;
    for (auto c = from; c < to; ++c) {
      suppress(keys[static_cast<size_t>(c)], boxes, static_cast<float>(rules.iou),
               static_cast<size_t>(rules.top_k), static_cast<size_t>(rules.max_detections), kept);
    }
  });
  *count = write(keys.data(), classes, boxes, rules.max_detections, rows);
}

std::tuple<at::Tensor, at::Tensor> detect_cpu(const at::Tensor& boxes, const at::Tensor& scores,
                                              double min_score, double iou, int64_t top_k,
                                              int64_t most, int64_t rows) {
  const int64_t batch = boxes.size(0), priors = boxes.size(1), columns = scores.size(2);
  const auto found = at::zeros({batch, rows, 6}, at::kFloat);
  const auto counts = at::zeros({batch}, at::kInt);
  if (rows == 0) return {found, counts};
  const auto* const corners =
      reinterpret_cast<const Corners<float>*>(boxes.const_data_ptr<float>());
  const auto* const all = scores.const_data_ptr<float>();
  auto* const out = found.data_ptr<float>();
  auto* const totals = counts.data_ptr<int32_t>();
  const auto pictures = [&](int64_t from, int64_t to) {
    for (auto i = from; i < to; ++i) {
      detect_picture(all + i * priors * columns, corners + i * priors, priors, columns,
                     {min_score, iou, top_k, most}, out + i * rows * 6, totals + i);
    }
  };
  // One region of threads a batch where that keeps them all busy, else one a picture.
  if (batch >= at::get_num_threads()) {
    at::parallel_for(0, batch, 1, pictures);
  } else {
    pictures(0, batch);
  }
  return {found, counts};
}

}  // namespace

TORCH_LIBRARY_IMPL(ssd_distill, CPU, m) {
  m.impl("detect", &detect_cpu);
}

}  // namespace ssd
