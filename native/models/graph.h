#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ssd {

enum class Op {
  Conv,
  BatchNorm,
  Relu,
  Relu6,
  Hardswish,
  Hardsigmoid,
  MaxPool,
  AvgPool,  // global: [B, C, H, W] -> [B, C, 1, 1]
  L2Norm,
  Add,
  Mul,  // by a gate [B, C, 1, 1]
};
enum class Init { Kaiming, Xavier, Normal, Constant };

// One operation of a detector. Input 0 is the picture, input k the result of node k - 1.
struct Node {
  Op op = Op::Relu;
  std::string name;  // prefix of its tensors in the state dict
  std::vector<int64_t> inputs;
  int64_t in = 0, out = 0, kernel = 1, stride = 1, padding = 0, dilation = 1, groups = 1;
  bool bias = false, ceil = false;
  double eps = 1e-5, momentum = 0.1;
  Init init = Init::Kaiming;
  double constant = 1;
};

// A detector as data: C++ knows operations, TypeScript knows architectures.
struct Graph {
  std::vector<Node> nodes;
  std::vector<int64_t> loc, conf;  // for each prediction map, the inputs' numbering
  int64_t num_classes = 0;         // with the background
};

// Throws BAD_OPTION unless every node has as many earlier values for inputs as its operation takes,
// and the maps are values.
void check_graph(const Graph& graph);

}  // namespace ssd
