#include "train/claim.h"

#include "core/error.h"
#include "core/memory.h"

namespace ssd {

namespace {

constexpr int kTrained = -1;  // otherwise the number of those it teaches

[[noreturn]] void refuse(Claim::Use use, int uses) {
  const std::string role = use == Claim::Use::Train
                               ? "student: expected a detector that nothing else"
                               : "teacher: expected a detector that nothing";
  const std::string verb = uses == kTrained ? "trains" : "learns from";
  throw Error(Code::BadOption,
              role + " " + verb +
                  ", got one that another run or Trainer has; wait for the run's end " +
                  "or dispose of the Trainer first");
}

}  // namespace

Claim::Claim(Model& model, Use use) : model_(model), use_(use) {
  int uses = model_.uses;
  do {
    if (uses == kTrained || (use == Use::Train && uses != 0)) refuse(use, uses);
  } while (!model_.uses.compare_exchange_weak(uses, use == Use::Train ? kTrained : uses + 1));
}

Claim::~Claim() {
  if (use_ == Use::Teach) {
    model_.uses -= 1;
    return;
  }
  const std::lock_guard lock(model_.mutex);
  for (auto& parameter : model_.parameters()) {
    parameter.value.mutable_grad().reset();
    parameter.value.set_requires_grad(false);
  }
  release_memory();
  model_.uses = 0;
}

}  // namespace ssd
