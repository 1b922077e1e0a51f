#include "data/resample_op.h"

#include <ATen/Parallel.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ops/empty.h>
#include <torch/library.h>

#include <algorithm>

#include "core/check.h"

namespace ssd {

namespace {

Frame to_frame(int64_t side, at::ArrayRef<double> mean, at::ArrayRef<double> deviation,
               at::ScalarType dtype) {
  Frame out{static_cast<int32_t>(side), {}, dtype};
  for (size_t c = 0; c < 3; ++c) {
    out.normalisation.mean[c] = static_cast<float>(mean[c]);
    out.normalisation.std[c] = static_cast<float>(deviation[c]);
  }
  return out;
}

at::Tensor resample_cpu(const at::Tensor& records, const at::Tensor& first, int64_t side,
                        at::ArrayRef<double> mean, at::ArrayRef<double> deviation,
                        at::ScalarType dtype) {
  const auto frame = to_frame(side, mean, deviation, dtype);
  const auto batch = first.size(0) - 1;
  auto out = at::empty({batch, side, side, 3}, dtype);
  const auto* const all = reinterpret_cast<const Record*>(records.const_data_ptr<uint8_t>());
  const auto* const begin = first.const_data_ptr<int32_t>();
  at::parallel_for(0, batch, 1, [&](int64_t from, int64_t to) {
    for (auto i = from; i < to; ++i) {
      resample({all + begin[i], all + begin[i + 1]}, frame, out.select(0, i).data_ptr());
    }
  });
  return out;
}

using Op = at::Tensor(const at::Tensor&, const at::Tensor&, int64_t, at::ArrayRef<double>,
                      at::ArrayRef<double>, at::ScalarType);

}  // namespace

TORCH_LIBRARY(ssd_distill, m) {
  m.def(
      "resample(Tensor records, Tensor first, int side, float[] mean, float[] std, ScalarType "
      "dtype) -> Tensor");
}

TORCH_LIBRARY_IMPL(ssd_distill, CPU, m) {
  m.impl("resample", &resample_cpu);
}

Packed pack(const Composition& pictures) {
  int64_t count = 0;
  for (const auto& layers : pictures) count += static_cast<int64_t>(layers.size());
  Packed out{at::empty({count, static_cast<int64_t>(sizeof(Record))}, at::kByte),
             at::empty({static_cast<int64_t>(pictures.size()) + 1}, at::kInt)};
  auto* to = out.records.data_ptr<uint8_t>();
  auto* first = out.first.data_ptr<int32_t>();
  *first = 0;
  for (const auto& layers : pictures) {
    // Not memcpy, which may not be given nowhere, even for nothing.
    const auto* const from = reinterpret_cast<const uint8_t*>(layers.data());
    to = std::copy_n(from, layers.size() * sizeof(Record), to);
    first[1] = first[0] + static_cast<int32_t>(layers.size());
    ++first;
  }
  return out;
}

bool resamples_on(at::Device device) {
  const auto op = c10::Dispatcher::singleton().findSchemaOrThrow("ssd_distill::resample", "");
  return op.hasKernelForDispatchKey(at::TensorOptions(device).computeDispatchKey());
}

at::Tensor resample(const Composition& pictures, const Frame& frame, at::Device device) {
  static const auto op =
      c10::Dispatcher::singleton().findSchemaOrThrow("ssd_distill::resample", "").typed<Op>();
  const auto packed = pack(pictures);
  const auto& [mean, deviation] = frame.normalisation;
  return op.call(packed.records.to(device), packed.first.to(device), frame.side,
                 std::vector<double>{mean.begin(), mean.end()},
                 std::vector<double>{deviation.begin(), deviation.end()}, frame.dtype);
}

}  // namespace ssd
