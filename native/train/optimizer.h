#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <string>
#include <vector>

#include "models/layers.h"

namespace ssd {

enum class Rule { Sgd, Adam, AdamW };

struct OptimizerOptions {
  Rule rule = Rule::Sgd;
  double momentum = 0.9;
  bool nesterov = false;
  double beta1 = 0.9, beta2 = 0.999, eps = 1e-8;
  double weight_decay = 0;
};

// How an update is made. What only the device knows stays there.
struct Update {
  double lr = 0;
  at::Tensor device_lr;  // instead of it: [] float32 on the parameters' device
  at::Tensor divisor;    // [] float32 that gradients are divided by; undefined is 1
  at::Tensor found;      // [1] float32; where it is 1 nothing happens; undefined is 0
};

// SGD, Adam and AdamW as PyTorch defines them, through ATen's fused kernels. Weight decay never
// touches one-dimensional parameters (biases, norms). A parameter without a gradient is left alone.
class Optimizer {
 public:
  Optimizer(OptimizerOptions options, std::vector<Parameter> parameters);

  void step(const Update& update);
  void step(double lr) { step(Update{lr, {}, {}, {}}); }

  // The gradients there are.
  std::vector<at::Tensor> gradients() const;

  // Its state as named tensors, `<slot>.<parameter>`: views, ready to be saved or filled.
  std::map<std::string, at::Tensor> state();

 private:
  // Parameters that share a decay.
  struct Group {
    double weight_decay;
    std::vector<Parameter> parameters;
    std::vector<at::Tensor> first;   // momentum, or Adam's first moment
    std::vector<at::Tensor> second;  // Adam's second moment
    std::vector<at::Tensor> steps;   // Adam's step counts
  };

  void step(Group& group, const Update& update);

  OptimizerOptions options_;
  std::vector<Group> groups_;
};

}  // namespace ssd
