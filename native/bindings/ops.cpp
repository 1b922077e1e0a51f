#include "bindings/convert.h"
#include "bindings/guard.h"
#include "bindings/tensor.h"
#include "boxes/box.h"
#include "boxes/nms.h"

namespace ssd {

namespace {

using Info = Napi::CallbackInfo;

Output to_output(const Napi::Value& value, const char* name) {
  const Fields f(value, name);
  return {tensor_of(f.value("loc"), "loc"), tensor_of(f.value("conf"), "conf")};
}

Targets to_targets(const Napi::Value& value, const at::Tensor& like) {
  const auto padded = pad(to_truths(value));
  return {padded.boxes.to(like.device(), like.scalar_type()), padded.labels.to(like.device())};
}

Variances variances_of(const Napi::Value& value) {
  const auto list = value.As<Napi::Array>();
  std::vector<double> numbers;
  for (uint32_t i = 0; i < list.Length(); ++i) {
    numbers.push_back(list.Get(i).As<Napi::Number>().DoubleValue());
  }
  return to_variances(numbers);
}

Napi::Value prior_boxes_op(const Info& info) {
  return guard(info.Env(), [&] { return wrap(info.Env(), prior_boxes(to_grid(info[0]))); });
}

Napi::Value jaccard_op(const Info& info) {
  return guard(info.Env(), [&] {
    return wrap(info.Env(), jaccard(tensor_of(info[0], "a"), tensor_of(info[1], "b")));
  });
}

Napi::Value encode_op(const Info& info) {
  return guard(info.Env(), [&] {
    return wrap(info.Env(), encode(tensor_of(info[0], "matched"), tensor_of(info[1], "priors"),
                                   variances_of(info[2])));
  });
}

// decode(loc, priors, variances, clip or null)
Napi::Value decode_op(const Info& info) {
  return guard(info.Env(), [&] {
    std::optional<double> clip;
    if (info[3].IsNumber()) clip = info[3].As<Napi::Number>().DoubleValue();
    return wrap(info.Env(), decode(tensor_of(info[0], "loc"), tensor_of(info[1], "priors"),
                                   variances_of(info[2]), clip));
  });
}

Napi::Value nms_op(const Info& info) {
  return guard(info.Env(), [&] {
    return wrap(info.Env(), nms(tensor_of(info[0], "boxes"), tensor_of(info[1], "scores"),
                                info[2].As<Napi::Number>().DoubleValue()));
  });
}

// match(targets, priors, options)
Napi::Value match_op(const Info& info) {
  return guard(info.Env(), [&] {
    const auto priors = tensor_of(info[1], "priors");
    const auto targets = to_targets(info[0], priors);
    const auto options = to_loss(info[2]).match;
    const auto matched = match(targets, priors, options);
    const auto encoded = encode_matched(matched.truth, targets, priors, options.variances);
    auto out = Napi::Object::New(info.Env());
    out.Set("loc", wrap(info.Env(), encoded.loc));
    out.Set("classes", wrap(info.Env(), encoded.classes));
    out.Set("unmatched", wrap(info.Env(), matched.unmatched.sum(at::kInt)));
    return out;
  });
}

// multiboxLoss(student, teacher or null, targets, priors, options)
Napi::Value multibox_loss_op(const Info& info) {
  return guard(info.Env(), [&] {
    const auto student = to_output(info[0], "student");
    const auto priors = tensor_of(info[3], "priors");
    std::optional<Output> teacher;
    if (info[1].IsObject()) teacher = to_output(info[1], "teacher");
    const auto [losses, unmatched] =
        evaluate_loss(student, teacher, to_targets(info[2], priors), priors, to_loss(info[4]));
    auto out = Napi::Object::New(info.Env());
    const auto set = [&](const char* name, const at::Tensor& tensor) {
      if (tensor.defined()) out.Set(name, wrap(info.Env(), tensor));
    };
    set("conf", losses.conf);
    set("loc", losses.loc);
    set("soft", losses.soft);
    set("l2", losses.l2);
    set("numPositives", losses.num_positives);
    set("unmatched", unmatched.to(at::kInt));
    set("gradLoc", losses.grad_loc);
    set("gradConf", losses.grad_conf);
    return out;
  });
}

// detections(output, priors, variances, options)
Napi::Value detections_op(const Info& info) {
  return guard(info.Env(), [&] {
    const auto output = to_output(info[0], "output");
    const auto found = detections(output.loc, output.conf, tensor_of(info[1], "priors"),
                                  to_detect(info[3], variances_of(info[2])));
    auto out = Napi::Array::New(info.Env(), found.size());
    for (uint32_t i = 0; i < found.size(); ++i) out.Set(i, from_detections(info.Env(), found[i]));
    return out;
  });
}

}  // namespace

void define_ops(Napi::Env env, Napi::Object exports) {
  exports.Set("priorBoxes", Napi::Function::New<prior_boxes_op>(env, "priorBoxes"));
  exports.Set("jaccard", Napi::Function::New<jaccard_op>(env, "jaccard"));
  exports.Set("encode", Napi::Function::New<encode_op>(env, "encode"));
  exports.Set("decode", Napi::Function::New<decode_op>(env, "decode"));
  exports.Set("nms", Napi::Function::New<nms_op>(env, "nms"));
  exports.Set("match", Napi::Function::New<match_op>(env, "match"));
  exports.Set("multiboxLoss", Napi::Function::New<multibox_loss_op>(env, "multiboxLoss"));
  exports.Set("detections", Napi::Function::New<detections_op>(env, "detections"));
}

}  // namespace ssd
