#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <torch/library.h>

#include <algorithm>
#include <tuple>

#include "matching/overlaps.h"

namespace ssd {

namespace {

// One picture's truths.
template <class T>
struct Picture {
  const T* boxes;         // [G, 4]
  const int64_t* labels;  // [G]
  int64_t truths;

  bool valid(int64_t g) const { return labels[g] >= 0; }
  Corners<T> box(int64_t g) const {
    const T* const b = boxes + 4 * g;
    return {b[0], b[1], b[2], b[3]};
  }
};

// Memory of a thread, for one picture after the other.
template <class T>
struct Scratch {
  std::vector<T> best;         // of each prior, the highest IoU
  std::vector<int32_t> whose;  // and with which truth
  std::vector<Best<T>> own;    // of each truth, its best prior
  std::vector<bool> taken;     // priors, with Conflict::Greedy
};

template <class T>
void overlap_picture(const Picture<T>& picture, const PriorLanes<T>& priors, Scratch<T>& s) {
  int64_t first = 0;
  while (first < picture.truths && !picture.valid(first)) ++first;
  s.best.assign(static_cast<size_t>(priors.padded()), 0);
  s.whose.assign(s.best.size(), first < picture.truths ? static_cast<int32_t>(first) : -1);
  s.own.assign(static_cast<size_t>(picture.truths), {-1, 0});
  for (int64_t g = first; g < picture.truths; ++g) {
    if (!picture.valid(g)) continue;
    s.own[static_cast<size_t>(g)] =
        overlap_all(picture.box(g), static_cast<int32_t>(g), priors, s.best.data(), s.whose.data());
  }
}

// Gives a prior to a truth: 1 where nobody had it.
int64_t give(int32_t* truth, int64_t prior, int64_t g) {
  const bool had = truth[prior] >= 0;
  truth[prior] = static_cast<int32_t>(g);
  return had ? 0 : 1;
}

// The last truth wins. Returns how many more priors have a truth, as the next one.
template <class T>
int64_t own_last(const Picture<T>& picture, const Scratch<T>& s, int32_t* truth) {
  int64_t more = 0;
  for (int64_t g = 0; g < picture.truths; ++g) {
    const auto& own = s.own[static_cast<size_t>(g)];
    if (own.iou >= 0) more += give(truth, own.prior, g);
  }
  return more;
}

// The best pair of what is left, as often as there are truths and priors; the lower truth of
// equals.
template <class T>
int64_t own_greedily(const Picture<T>& picture, const PriorLanes<T>& priors, int64_t count,
                     Scratch<T>& s, int32_t* truth) {
  s.taken.assign(static_cast<size_t>(count), false);
  for (int64_t more = 0;;) {
    const auto best = std::max_element(s.own.begin(), s.own.end(),
                                       [](const auto& a, const auto& b) { return a.iou < b.iou; });
    if (best == s.own.end() || best->iou < 0) return more;
    const int64_t prior = best->prior;
    more += give(truth, prior, best - s.own.begin());
    s.taken[static_cast<size_t>(prior)] = true;
    best->iou = -1;
    for (int64_t g = 0; g < picture.truths; ++g) {
      auto& other = s.own[static_cast<size_t>(g)];
      if (other.iou < 0 || other.prior != prior) continue;
      other = best_free(picture.box(g), priors, count, s.taken);
    }
  }
}

template <class T>
int32_t count_unmatched(const Picture<T>& picture, const Scratch<T>& s, const int32_t* truth,
                        int64_t priors) {
  int32_t count = 0;
  for (int64_t g = 0; g < picture.truths; ++g) {
    if (!picture.valid(g)) continue;
    // Nearly every truth has the prior that it overlaps most.
    if (priors > 0 && truth[s.own[static_cast<size_t>(g)].prior] == g) continue;
    count += std::find(truth, truth + priors, static_cast<int32_t>(g)) == truth + priors ? 1 : 0;
  }
  return count;
}

// Returns the number of positives.
template <class T>
int64_t match_picture(const Picture<T>& picture, const PriorLanes<T>& priors, int64_t count,
                      double threshold, bool greedy, Scratch<T>& s, int32_t* truth) {
  overlap_picture(picture, priors, s);
  const auto positives =
      choose(s.best.data(), s.whose.data(), static_cast<T>(threshold), count, truth);
  return positives +
         (greedy ? own_greedily(picture, priors, count, s, truth) : own_last(picture, s, truth));
}

std::tuple<at::Tensor, at::Tensor, at::Tensor> match_cpu(const at::Tensor& boxes,
                                                         const at::Tensor& labels,
                                                         const at::Tensor& priors, double threshold,
                                                         bool greedy) {
  const int64_t batch = boxes.size(0), truths = boxes.size(1), count = priors.size(0);
  auto truth = at::empty({batch, count}, at::kInt);
  auto positives = at::empty({batch}, at::kInt), unmatched = at::empty({batch}, at::kInt);
  AT_DISPATCH_FLOATING_TYPES(priors.scalar_type(), "match", [&] {
    const PriorLanes<scalar_t> lanes(priors.const_data_ptr<scalar_t>(), count);
    at::parallel_for(0, batch, 1, [&](int64_t from, int64_t to) {
      Scratch<scalar_t> scratch;
      for (auto b = from; b < to; ++b) {
        const Picture<scalar_t> picture{boxes.const_data_ptr<scalar_t>() + b * truths * 4,
                                        labels.const_data_ptr<int64_t>() + b * truths, truths};
        auto* const out = truth.mutable_data_ptr<int32_t>() + b * count;
        positives.mutable_data_ptr<int32_t>()[b] = static_cast<int32_t>(
            match_picture(picture, lanes, count, threshold, greedy, scratch, out));
        unmatched.mutable_data_ptr<int32_t>()[b] = count_unmatched(picture, scratch, out, count);
      }
    });
  });
  return {truth, positives, unmatched};
}

std::tuple<at::Tensor, at::Tensor> encode_cpu(const at::Tensor& truth, const at::Tensor& boxes,
                                              const at::Tensor& labels, const at::Tensor& priors,
                                              double v0, double v1) {
  const int64_t batch = boxes.size(0), truths = boxes.size(1), count = priors.size(0);
  auto loc = at::empty({batch, count, 4}, priors.options());
  auto classes = at::empty({batch, count}, at::kInt);
  AT_DISPATCH_FLOATING_TYPES(priors.scalar_type(), "encode_matched", [&] {
    const auto* const all = priors.const_data_ptr<scalar_t>();
    at::parallel_for(0, batch, 1, [&](int64_t from, int64_t to) {
      for (auto b = from; b < to; ++b) {
        const auto* const owner = truth.const_data_ptr<int32_t>() + b * count;
        auto* const offsets = loc.mutable_data_ptr<scalar_t>() + b * count * 4;
        auto* const kinds = classes.mutable_data_ptr<int32_t>() + b * count;
        std::fill_n(offsets, count * 4, scalar_t(0));
        for (int64_t p = 0; p < count; ++p) {
          kinds[p] = 0;
          if (owner[p] < 0) continue;
          const int64_t g = b * truths + owner[p];
          kinds[p] = static_cast<int32_t>(labels.const_data_ptr<int64_t>()[g]) + 1;
          encode_of(boxes.const_data_ptr<scalar_t>() + 4 * g, all + 4 * p,
                    static_cast<scalar_t>(v0), static_cast<scalar_t>(v1), offsets + 4 * p);
        }
      }
    });
  });
  return {loc, classes};
}

}  // namespace

TORCH_LIBRARY_IMPL(ssd_distill, CPU, m) {
  m.impl("match", &match_cpu);
  m.impl("encode_matched", &encode_cpu);
}

}  // namespace ssd
