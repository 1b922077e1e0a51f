#include "data/renderer.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <c10/core/StreamGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <c10/util/Exception.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace ssd {

namespace {

// Rows [first, end) of a picture that a view shows; at least one, so that there is something to
// read.
std::pair<int32_t, int32_t> rows_of(const Layer& layer, const Picture& picture) {
  const auto height = layer.region.height;
  const auto first = tap(layer.view.top, layer.view.height, height, 0, false).low;
  const auto end = tap(layer.view.top, layer.view.height, height, height - 1, false).high + 1;
  const int32_t from = std::clamp(first, 0, picture.height - 1);
  return {from, std::clamp(end, from + 1, picture.height)};
}

}  // namespace

Renderer::Renderer(const Pictures& pictures, at::Device device, bool resident) : device_(device) {
  if (!device.is_cpu()) {
    stream_ = c10::impl::VirtualGuardImpl(device.type()).getStreamFromGlobalPool(device);
  }
  const auto memory = pictures.memory();
  if (!resident || memory.empty()) return;
  const auto host = at::from_blob(const_cast<uint8_t*>(memory.data()),
                                  {static_cast<int64_t>(memory.size())}, at::kByte);
  try {
    pixels_ = at::empty(host.sizes(), host.options().device(device));
    pixels_.copy_(host);
    start_ = memory.data();
  } catch (const c10::OutOfMemoryError&) {
    pixels_.reset();
  }
}

Renderer::Staged Renderer::stage(const Layer& layer, const Picture& picture) const {
  if (resident()) {
    const auto* const device = pixels_.const_data_ptr<uint8_t>() + (picture.pixels - start_);
    return {record(layer, picture, device), {}};
  }
  const auto [first, end] = rows_of(layer, picture);
  const int64_t row = static_cast<int64_t>(picture.width) * 3, bytes = (end - first) * row;
  auto pixels = at::empty({bytes}, at::TensorOptions(at::kByte).pinned_memory(!device_.is_cpu()));
  std::memcpy(pixels.data_ptr<uint8_t>(), picture.pixels + first * row, static_cast<size_t>(bytes));
  // The place where row 0 would be: only rows that were copied are read.
  return {record(layer, picture, pixels.const_data_ptr<uint8_t>() - first * row), pixels};
}

Renderer::Rendered Renderer::render(const std::vector<std::vector<Staged>>& batch,
                                    const Frame& frame) {
  Composition composition;
  std::vector<at::Tensor> pixels;
  for (const auto& layers : batch) {
    auto& records = composition.emplace_back();
    for (const auto& layer : layers) {
      records.push_back(layer.record);
      if (layer.pixels.defined()) pixels.push_back(layer.pixels);
    }
  }
  if (!stream_) return {resample(composition, frame, device_), nullptr};
  const c10::StreamGuard guard(*stream_);
  Rendered out{resample(composition, frame, device_), std::make_shared<c10::Event>(device_.type())};
  out.ready->record(*stream_);
  retire(out.ready, std::move(pixels));
  return out;
}

void Renderer::retire(std::shared_ptr<c10::Event> ready, std::vector<at::Tensor> pixels) {
  const std::lock_guard lock(mutex_);
  while (!retired_.empty() && retired_.front().first->query()) retired_.pop_front();
  retired_.emplace_back(std::move(ready), std::move(pixels));
}

void Renderer::use(const Rendered& rendered) const {
  if (!rendered.ready) return;
  const auto consumer = c10::impl::VirtualGuardImpl(device_.type()).getStream(device_);
  rendered.ready->block(consumer);
  // Its memory belongs to the other stream and must not be given away while this one reads it.
  rendered.images.record_stream(consumer);
}

}  // namespace ssd
