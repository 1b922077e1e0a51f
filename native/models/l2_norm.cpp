#include "models/l2_norm.h"

#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <tuple>

namespace ssd {

namespace {

using at::Tensor;
using Two = std::tuple<Tensor, Tensor>;

Tensor channels_last(const Tensor& x) {
  return x.contiguous(at::MemoryFormat::ChannelsLast);
}

class L2Norm : public torch::autograd::Function<L2Norm> {
 public:
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& input,
                        const Tensor& weight) {
    static const auto op = c10::Dispatcher::singleton()
                               .findSchemaOrThrow("ssd_distill::l2_norm", "")
                               .typed<Tensor(const Tensor&, const Tensor&)>();
    const at::AutoDispatchBelowADInplaceOrView guard;
    const auto x = channels_last(input);
    context->save_for_backward({x, weight});
    return op.call(x, weight);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& grads) {
    static const auto op = c10::Dispatcher::singleton()
                               .findSchemaOrThrow("ssd_distill::l2_norm_backward", "")
                               .typed<Two(const Tensor&, const Tensor&, const Tensor&)>();
    if (!grads[0].defined()) return {Tensor(), Tensor()};
    const at::AutoDispatchBelowADInplaceOrView guard;
    const auto saved = context->get_saved_variables();
    auto [dx, dweight] = op.call(channels_last(grads[0]), saved[0], saved[1]);
    return {dx, dweight};
  }
};

}  // namespace

TORCH_LIBRARY_FRAGMENT(ssd_distill, m) {
  m.def("l2_norm(Tensor x, Tensor weight) -> Tensor");
  m.def("l2_norm_backward(Tensor dy, Tensor x, Tensor weight) -> (Tensor, Tensor)");
}

at::Tensor l2_norm(const at::Tensor& x, const at::Tensor& weight) {
  const auto type = x.scalar_type();
  if (type != at::kFloat && type != at::kBFloat16 && !(type == at::kHalf && x.is_cuda()))
    return l2_norm(x.to(at::kFloat), weight).to(type);
  return L2Norm::apply(x, weight);
}

}  // namespace ssd
