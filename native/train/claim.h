#pragma once

#include "models/model.h"

namespace ssd {

// A model while it is trained, or teaches. Two that change its tensors would spoil each other's
// work and a teacher is to stay what it is, so one that trains is alone; teachers may teach
// several. Who comes second gets BadOption. The end of a training leaves no gradient behind, and
// gives back the memory its steps used. The model must outlive its claims.
class Claim {
 public:
  enum class Use { Train, Teach };

  Claim(Model& model, Use use);
  ~Claim();
  Claim(const Claim&) = delete;
  Claim& operator=(const Claim&) = delete;

 private:
  Model& model_;
  Use use_;
};

}  // namespace ssd
