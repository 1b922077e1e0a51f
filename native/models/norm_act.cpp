#include "models/norm_act.h"

#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ops/empty_like.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <optional>
#include <tuple>

namespace ssd {

namespace {

using at::Tensor;
using Two = std::tuple<Tensor, Tensor>;
using Three = std::tuple<Tensor, Tensor, Tensor>;
using Forward = Three(const Tensor& x, const Tensor& weight, const Tensor& bias,
                      const Tensor& running_mean, const Tensor& running_var, bool training,
                      double momentum, double eps, double low, double high, bool hardswish);
using Backward = Two(const Tensor& dy, const Tensor& x, const Tensor& weight, const Tensor& bias,
                     const Tensor& mean, const Tensor& invstd, const std::optional<Tensor>& dx,
                     bool training, double low, double high, bool hardswish, bool needs_weight);

template <class Signature>
const c10::TypedOperatorHandle<Signature>& op(const char* name) {
  static const auto found =
      c10::Dispatcher::singleton().findSchemaOrThrow(name, "").typed<Signature>();
  return found;
}

Tensor channels_last(const Tensor& x) {
  return x.contiguous(at::MemoryFormat::ChannelsLast);
}

class NormAct : public torch::autograd::Function<NormAct> {
 public:
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& input,
                        const Tensor& weight, const Tensor& bias, const Norm& norm,
                        const Activation& act, bool training) {
    const at::AutoDispatchBelowADInplaceOrView guard;
    const auto x = channels_last(input);
    auto [y, mean, invstd] =
        op<Forward>("ssd_distill::norm_act")
            .call(x, weight, bias, norm.running_mean, norm.running_var, training, norm.momentum,
                  norm.eps, act.low, act.high, act.hardswish);
    context->save_for_backward({x, weight, bias, mean, invstd});
    context->saved_data["low"] = static_cast<double>(act.low);
    context->saved_data["high"] = static_cast<double>(act.high);
    context->saved_data["hardswish"] = act.hardswish;
    context->saved_data["training"] = training;
    return y;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& grads) {
    torch::autograd::variable_list out(6);
    if (!grads[0].defined()) return out;
    const at::AutoDispatchBelowADInplaceOrView guard;
    const auto saved = context->get_saved_variables();
    auto& data = context->saved_data;
    // A gradient that nobody else has may become the one handed on: less memory to go through.
    const bool alone = grads[0].use_count() == 1 && grads[0].storage().use_count() == 1;
    const auto dy = channels_last(grads[0]);
    std::optional<Tensor> dx;
    if (context->needs_input_grad(0)) dx = alone || !dy.is_same(grads[0]) ? dy : at::empty_like(dy);
    std::tie(out[1], out[2]) =
        op<Backward>("ssd_distill::norm_act_backward")
            .call(dy, saved[0], saved[1], saved[2], saved[3], saved[4], dx,
                  data["training"].toBool(), data["low"].toDouble(), data["high"].toDouble(),
                  data["hardswish"].toBool(),
                  context->needs_input_grad(1) || context->needs_input_grad(2));
    if (dx) out[0] = *dx;
    return out;
  }
};

}  // namespace

TORCH_LIBRARY_FRAGMENT(ssd_distill, m) {
  m.def(
      "norm_act(Tensor x, Tensor weight, Tensor bias, Tensor(a!) running_mean, Tensor(b!) "
      "running_var, bool training, float momentum, float eps, float low, float high, bool "
      "hardswish) -> (Tensor y, Tensor mean, Tensor invstd)");
  m.def(
      "norm_act_backward(Tensor dy, Tensor x, Tensor weight, Tensor bias, Tensor mean, Tensor "
      "invstd, Tensor(a!)? dx, bool training, float low, float high, bool hardswish, bool "
      "needs_weight) -> (Tensor, Tensor)");
}

at::Tensor norm_act(const at::Tensor& x, const Norm& norm, const Activation& activation,
                    bool training) {
  const auto type = x.scalar_type();
  if (type != at::kFloat && type != at::kBFloat16 && !(type == at::kHalf && x.is_cuda())) {
    return norm_act(x.to(at::kFloat), norm, activation, training).to(type);
  }
  return NormAct::apply(x, norm.weight, norm.bias, norm, activation, training);
}

}  // namespace ssd
