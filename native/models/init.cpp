#include "models/init.h"

#include <cmath>

#include "core/random.h"

namespace ssd {

void initialize(at::Tensor& weight, Init init, uint64_t seed, const std::string& name) {
  const auto area = static_cast<float>(weight.size(2) * weight.size(3));
  const float fan_out = static_cast<float>(weight.size(0)) * area;
  const float fan_in = static_cast<float>(weight.size(1)) * area;
  const float deviation = init == Init::Normal ? 0.03F : std::sqrt(2.0F / fan_out);
  const float bound = std::sqrt(6.0F / (fan_in + fan_out));
  Random random(seed, stream_of(name.c_str()), 0);
  float* const data = weight.data_ptr<float>();
  for (int64_t i = 0; i < weight.numel(); ++i) {
    data[i] = init == Init::Xavier ? random.uniform(-bound, bound) : deviation * random.normal();
  }
}

}  // namespace ssd
