#include "train/precision.h"

#include <ATen/autocast_mode.h>

namespace ssd {

Autocast::Autocast(Precision precision, at::DeviceType device)
    : active_(precision != Precision::Fp32),
      device_(device),
      before_(at::autocast::is_autocast_enabled(device)) {
  if (!active_) return;
  at::autocast::set_autocast_enabled(device_, true);
  at::autocast::set_autocast_dtype(device_,
                                   precision == Precision::Fp16 ? at::kHalf : at::kBFloat16);
  at::autocast::increment_nesting();
}

Autocast::~Autocast() {
  if (!active_) return;
  // The cache of cast weights would hold last step's values and grow.
  if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
  at::autocast::set_autocast_enabled(device_, before_);
}

}  // namespace ssd
