#include "train/recording.h"

#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ops/zeros.h>
#include <torch/library.h>

namespace ssd {

namespace {

// A library of its own has the kernels (recording_cuda.cu): the dispatcher is all we share. A graph
// goes through it as a number.
template <class Signature>
auto operation(const char* name) {
  return c10::Dispatcher::singleton().findSchemaOrThrow(name, "").typed<Signature>();
}

class GraphRecording : public Recording {
 public:
  explicit GraphRecording(at::Tensor on) : on_(std::move(on)) {}

  ~GraphRecording() override {
    if (graph_ != 0) call("ssd_distill::graph_drop");
  }

  void record(const std::function<void()>& work) override {
    graph_ = operation<int64_t(const at::Tensor&)>("ssd_distill::graph_begin").call(on_);
    try {
      work();
    } catch (...) {
      // The stream must leave its capture; that the capture failed is known.
      try {
        call("ssd_distill::graph_end");
      } catch (const std::exception&) {
      }
      throw;
    }
    call("ssd_distill::graph_end");
  }

  void replay() override { call("ssd_distill::graph_replay"); }

 private:
  void call(const char* name) {
    operation<void(const at::Tensor&, int64_t)>(name).call(on_, graph_);
  }

  at::Tensor on_;  // tells the dispatcher the device
  int64_t graph_ = 0;
};

}  // namespace

TORCH_LIBRARY_FRAGMENT(ssd_distill, m) {
  m.def("graph_begin(Tensor on) -> int");
  m.def("graph_end(Tensor on, int graph) -> ()");
  m.def("graph_replay(Tensor on, int graph) -> ()");
  m.def("graph_drop(Tensor on, int graph) -> ()");
}

std::unique_ptr<Recording> make_recording(c10::Device device) {
  const auto begin = c10::Dispatcher::singleton().findSchemaOrThrow("ssd_distill::graph_begin", "");
  const auto options = at::TensorOptions(device);
  if (!begin.hasKernelForDispatchKey(options.computeDispatchKey())) return nullptr;
  return std::make_unique<GraphRecording>(at::zeros({1}, options));
}

}  // namespace ssd
