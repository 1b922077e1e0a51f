#include "models/folded.h"

#include <ATen/Context.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/hardswish.h>
#include <ATen/ops/hardtanh.h>
#include <ATen/ops/relu.h>

#include <array>
#include <optional>
#include <string>

namespace ssd {

namespace {

using Scalars = c10::List<std::optional<at::Scalar>>;
using Pointwise = at::Tensor(const at::Tensor& x, const at::Tensor& weight,
                             const std::optional<at::Tensor>& bias, at::IntArrayRef padding,
                             at::IntArrayRef stride, at::IntArrayRef dilation, int64_t groups,
                             c10::string_view attribute, Scalars scalars,
                             std::optional<c10::string_view> algorithm);

// oneDNN's convolution with what follows it, as the CPU builds of LibTorch that have oneDNN
// register it for their own compiler; none elsewhere.
const std::optional<c10::TypedOperatorHandle<Pointwise>>& pointwise() {
  static const auto found = []() -> std::optional<c10::TypedOperatorHandle<Pointwise>> {
    const auto op = c10::Dispatcher::singleton().findSchema({"mkldnn::_convolution_pointwise", ""});
    if (!op || !op->hasKernelForDispatchKey(c10::DispatchKey::CPU)) return {};
    return op->typed<Pointwise>();
  }();
  return found;
}

struct Attribute {
  const char* name;
  Scalars scalars;
};

Attribute attribute_of(const Node& activation) {
  switch (activation.op) {
    case Op::Relu6:
      return {"hardtanh", Scalars({at::Scalar(0.0), at::Scalar(6.0)})};
    case Op::Hardswish:
      return {"hardswish", Scalars()};
    default:
      return {"relu", Scalars()};
  }
}

at::Tensor& activate_(const Node& activation, at::Tensor& y) {
  switch (activation.op) {
    case Op::Relu6:
      return at::hardtanh_(y, 0, 6);
    case Op::Hardswish:
      return at::hardswish_(y);
    default:
      return at::relu_(y);
  }
}

// oneDNN refuses bfloat16 where the processor has too little for it.
bool computes_bf16() {
  static const bool found = [] {
    const auto op =
        c10::Dispatcher::singleton().findSchema({"mkldnn::_is_mkldnn_bf16_supported", ""});
    return op && op->typed<bool()>().call();
  }();
  return found;
}

bool takes_activation(const at::Tensor& x) {
  const auto type = x.scalar_type();
  return x.is_cpu() && x.numel() > 0 && pointwise() && at::globalContext().userEnabledMkldnn() &&
         (type == at::kFloat || (type == at::kBFloat16 && computes_bf16()));
}

}  // namespace

Folded fold(const Node& conv, const Parameter* parameters, const Node* norm,
            const Parameter* norm_parameters, at::ScalarType type) {
  auto weight = parameters[0].value;
  auto bias = conv.bias ? parameters[1].value : at::Tensor();
  if (norm != nullptr) {
    const auto* const p = norm_parameters;
    const auto scale = p[0].value / (p[3].value + norm->eps).sqrt();
    const auto shift = p[1].value - p[2].value * scale;
    weight = weight * scale.reshape({-1, 1, 1, 1});
    bias = bias.defined() ? bias * scale + shift : shift;
  }
  return {weight.to(type), bias.defined() ? bias.to(type) : bias};
}

at::Tensor apply_folded(const Node& conv, const Folded& folded, const Node* activation,
                        const at::Tensor& input) {
  const auto x = input.to(folded.weight.scalar_type());
  if (activation != nullptr && takes_activation(x)) {
    const auto [name, scalars] = attribute_of(*activation);
    const std::array<int64_t, 2> padding{conv.padding, conv.padding},
        stride{conv.stride, conv.stride}, dilation{conv.dilation, conv.dilation};
    return pointwise()->call(x, folded.weight, folded.bias, padding, stride, dilation, conv.groups,
                             name, scalars, "");
  }
  auto y = at::conv2d(x, folded.weight, folded.bias, conv.stride, conv.padding, conv.dilation,
                      conv.groups);
  return activation != nullptr ? activate_(*activation, y) : y;
}

}  // namespace ssd
