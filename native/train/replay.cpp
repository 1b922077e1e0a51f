#include "train/replay.h"

#include <ATen/ops/zeros.h>
#include <c10/core/Event.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <algorithm>
#include <utility>

#include "core/error.h"

namespace ssd {

namespace {

// What libraries choose and allocate when they first see a shape is no part of a record.
constexpr int64_t kWarmUp = 3;

bool same_shape(const Inputs& a, const Inputs& b) {
  return a.images.sizes() == b.images.sizes() && a.images.scalar_type() == b.images.scalar_type() &&
         a.targets.boxes.sizes() == b.targets.boxes.sizes();
}

}  // namespace

Replay::Replay(ReplayOptions options, at::Device device)
    : options_(std::move(options)),
      device_(device),
      lr_(at::zeros({}, at::TensorOptions(at::kFloat).device(device))) {
  if (!options_.recording) {
    options_.recording = [device] { return make_recording(device); };
  }
  if (!options_.recording()) {
    throw Error(Code::BadOption,
                "graph: expected a detector on a GPU and the engine's CUDA library, got a device "
                "that records no graphs, " +
                    device.str() + "; train without graph");
  }
  if (!device.is_cpu()) {
    stream_ = c10::impl::VirtualGuardImpl(device.type()).getStreamFromGlobalPool(device);
  }
}

std::optional<c10::StreamGuard> Replay::enter() const {
  if (!stream_) return std::nullopt;
  const auto before = c10::impl::VirtualGuardImpl(device_.type()).getStream(device_);
  c10::Event event(device_.type());
  event.record(before);
  event.block(*stream_);
  return std::optional<c10::StreamGuard>(std::in_place, *stream_);
}

at::Tensor Replay::run(std::vector<Inputs> inputs, double lr, const Work& work) {
  lr_.fill_(lr);
  bool room = true;
  for (auto& input : inputs) room = widen(input.targets, options_.max_boxes) && room;
  if (plain_ < kWarmUp || !room || (recording_ && !fits(inputs))) {
    ++plain_;
    return work(inputs, lr_);
  }
  if (recording_) {
    for (size_t i = 0; i < inputs.size(); ++i) {
      inputs_[i].images.copy_(inputs[i].images);
      inputs_[i].targets.boxes.copy_(inputs[i].targets.boxes);
      inputs_[i].targets.labels.copy_(inputs[i].targets.labels);
    }
  } else {
    inputs_ = std::move(inputs);
    for (auto& [images, targets] : inputs_) images = images.clone();
    recording_ = options_.recording();
    try {
      recording_->record([this, work] { numbers_ = work(inputs_, lr_); });
    } catch (...) {
      forget();
      throw;
    }
  }
  recording_->replay();
  return numbers_;
}

bool Replay::fits(const std::vector<Inputs>& inputs) const {
  return std::equal(inputs.begin(), inputs.end(), inputs_.begin(), inputs_.end(), same_shape);
}

void Replay::forget() {
  recording_.reset();
  inputs_.clear();
  numbers_.reset();
  plain_ = 0;
}

}  // namespace ssd
