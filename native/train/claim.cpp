#include "train/claim.h"

#include "core/error.h"

namespace ssd {

Claim::Claim(Model& model) : model_(model) {
  if (!model_.claimed.exchange(true)) return;
  throw Error(Code::BadOption,
              "student: expected a detector that nothing else trains, got one that another run or "
              "Trainer has; wait for the run's end or dispose of the Trainer first");
}

Claim::~Claim() {
  const std::lock_guard lock(model_.mutex);
  for (auto& parameter : model_.parameters()) {
    parameter.value.mutable_grad().reset();
    parameter.value.set_requires_grad(false);
  }
  model_.claimed = false;
}

}  // namespace ssd
