#pragma once

#include "models/model.h"

namespace ssd {

// A model while it is trained: two that change its tensors would spoil each other's work, so a
// second claim throws BadOption. Its end leaves no gradient behind. The model must outlive it.
class Claim {
 public:
  explicit Claim(Model& model);
  ~Claim();
  Claim(const Claim&) = delete;
  Claim& operator=(const Claim&) = delete;

 private:
  Model& model_;
};

}  // namespace ssd
