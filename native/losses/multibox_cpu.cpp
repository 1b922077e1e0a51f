#include <ATen/Dispatch.h>
#include <ATen/OpMathType.h>
#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/tensor.h>
#include <torch/library.h>

#include <bit>
#include <cstring>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>

#include "core/error.h"
#include "losses/terms.h"

namespace ssd {

namespace {

using at::Tensor;

template <class A>
uint32_t key_of(A score) {
  return order_of(std::bit_cast<uint32_t>(static_cast<float>(score)));
}

template <class T, class A>
const A* as_logits(const Picture<T, A>& picture, Scratch<A>& s) {
  if constexpr (std::is_same_v<T, A>) {
    return picture.conf;
  } else {
    s.logits.resize(static_cast<size_t>(picture.count * picture.classes));
    std::copy_n(picture.conf, s.logits.size(), s.logits.begin());
    return s.logits.data();
  }
}

// The hardest negatives by their cross-entropy with the background.
template <class T, class A>
Cut mine(const Picture<T, A>& picture, const MiningOptions& options, Scratch<A>& s) {
  s.ce.resize(static_cast<size_t>(picture.count));
  s.keys.resize(s.ce.size());
  background_entropies(as_logits(picture, s), picture.count, picture.classes, s.ce.data());
  const uint32_t positive = options.article ? key_of(A(0)) : 0;
  for (int64_t p = 0; p < picture.count; ++p) {
    const auto i = static_cast<size_t>(p);
    s.keys[i] = picture.truth[p] < 0 ? key_of(s.ce[i]) : positive;
  }
  return hardest(s.keys.data(), picture.count,
                 negatives_wanted(picture.positives, picture.count, options));
}

template <class T, class A>
Sums loss_of(const Picture<T, A>& picture, const MiningOptions& mining, const Terms<A>& terms,
             Scratch<A>& scratch) {
  const auto priors = static_cast<size_t>(picture.count);
  std::memset(picture.grad_loc, 0, sizeof(T) * priors * 4);
  std::memset(picture.grad_conf, 0, sizeof(T) * priors * static_cast<size_t>(picture.classes));
  auto cut = mine(picture, mining, scratch);
  Sums sums{};
  for (int64_t p = 0; p < picture.count; ++p) {
    const uint32_t key = scratch.keys[static_cast<size_t>(p)];
    const bool hard = key > cut.cut || (key == cut.cut && cut.equals-- > 0);
    const bool positive = picture.truth[p] >= 0;
    if (hard || positive) terms.row(picture, p, scratch, sums);
    if (positive) terms.offsets(picture, p, sums);
  }
  return sums;
}

void check_labels(const Tensor& labels, int64_t classes) {
  const auto* const all = labels.const_data_ptr<int64_t>();
  const auto most = labels.numel() == 0 ? -1 : *std::max_element(all, all + labels.numel());
  if (most < classes - 1) return;
  throw Error(Code::BadOption, "expected labels under " + std::to_string(classes - 1) +
                                   " for logits of " + std::to_string(classes) +
                                   " classes with the background, got " + std::to_string(most));
}

// Sums over the pictures in their order, so that threads do not matter.
Tensor to_terms(const std::vector<Sums>& pictures, double n, const KdOptions& kd, bool teaches,
                at::ScalarType type) {
  Sums all{};
  for (const auto& sums : pictures) {
    all.conf += sums.conf / n;
    all.loc += sums.loc / n;
    all.soft += sums.soft / n;
    all.l2 += sums.l2 / n;
  }
  const double objective = objective_of(all, kd, teaches);
  return at::tensor({objective, all.conf, all.loc, all.soft, all.l2}, type);
}

std::tuple<Tensor, Tensor, Tensor, Tensor> multibox_cpu(
    const Tensor& loc, const Tensor& conf, const std::optional<Tensor>& teacher_loc,
    const std::optional<Tensor>& teacher_conf, const Tensor& truth, const Tensor& positives,
    const Tensor& boxes, const Tensor& labels, const Tensor& priors, at::ArrayRef<double> options) {
  const auto settings = to_settings(options.data());
  const int64_t batch = conf.size(0), count = conf.size(1), classes = conf.size(2);
  check_labels(labels, classes);
  auto grad_loc = at::empty_like(loc), grad_conf = at::empty_like(conf);
  const auto* const of_each = positives.const_data_ptr<int32_t>();
  int64_t found = 0;
  for (int64_t b = 0; b < batch; ++b) found += of_each[b];
  const auto n = static_cast<double>(std::max<int64_t>(found, 1));
  std::vector<Sums> sums(static_cast<size_t>(batch));
  AT_DISPATCH_FLOATING_TYPES_AND2(at::kBFloat16, at::kHalf, conf.scalar_type(), "multibox", [&] {
    using A = at::opmath_type<scalar_t>;
    const Terms<A> terms(settings, classes, n);
    const auto taught = [&](const std::optional<Tensor>& t, int64_t at) {
      return t ? t->const_data_ptr<scalar_t>() + at : nullptr;
    };
    at::parallel_for(0, batch, 1, [&](int64_t from, int64_t to) {
      Scratch<A> scratch;
      for (auto b = from; b < to; ++b) {
        const int64_t l = b * count * 4, c = b * count * classes, truths = labels.size(1);
        const Picture<scalar_t, A> picture{loc.const_data_ptr<scalar_t>() + l,
                                           conf.const_data_ptr<scalar_t>() + c,
                                           taught(teacher_loc, l),
                                           taught(teacher_conf, c),
                                           truth.const_data_ptr<int32_t>() + b * count,
                                           boxes.const_data_ptr<A>() + b * truths * 4,
                                           labels.const_data_ptr<int64_t>() + b * truths,
                                           priors.const_data_ptr<A>(),
                                           count,
                                           classes,
                                           of_each[b],
                                           grad_loc.mutable_data_ptr<scalar_t>() + l,
                                           grad_conf.mutable_data_ptr<scalar_t>() + c};
        sums[static_cast<size_t>(b)] = loss_of(picture, settings.mining, terms, scratch);
      }
    });
  });
  const auto type = at::toOpMathType(conf.scalar_type());
  return {to_terms(sums, n, settings.kd, teacher_conf.has_value(), type),
          at::tensor({static_cast<int32_t>(found)}, at::kInt).squeeze(0), grad_loc, grad_conf};
}

}  // namespace

TORCH_LIBRARY_IMPL(ssd_distill, CPU, m) {
  m.impl("multibox", &multibox_cpu);
}

}  // namespace ssd
