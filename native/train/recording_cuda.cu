#include <ATen/core/Tensor.h>
#include <ATen/cuda/CUDAGraph.h>
#include <torch/library.h>

#include <memory>

// CUDA graphs for recording.cpp. No kernels: a .cu file because here alone CUDA's headers are
// known.
namespace ssd {

namespace {

at::cuda::CUDAGraph& graph_of(int64_t number) {
  return *reinterpret_cast<at::cuda::CUDAGraph*>(number);
}

int64_t begin(const at::Tensor&) {
  auto graph = std::make_unique<at::cuda::CUDAGraph>();
  // Of this thread alone: the loader's go on allocating and copying meanwhile.
  graph->capture_begin({0, 0}, cudaStreamCaptureModeThreadLocal);
  return reinterpret_cast<int64_t>(graph.release());
}

void end(const at::Tensor&, int64_t graph) {
  graph_of(graph).capture_end();
}

void replay(const at::Tensor&, int64_t graph) {
  graph_of(graph).replay();
}

void drop(const at::Tensor&, int64_t graph) {
  delete &graph_of(graph);
}

}  // namespace

TORCH_LIBRARY_IMPL(ssd_distill, CUDA, m) {
  m.impl("graph_begin", &begin);
  m.impl("graph_end", &end);
  m.impl("graph_replay", &replay);
  m.impl("graph_drop", &drop);
}

}  // namespace ssd
