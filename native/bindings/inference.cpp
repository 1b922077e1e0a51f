#include "bindings/convert.h"
#include "bindings/decoded.h"
#include "bindings/guard.h"
#include "bindings/loader.h"
#include "bindings/model.h"

namespace ssd {

namespace {

struct EvaluatedBatch {
  double conf, loc;
  std::vector<Detections> found;
};

EvaluatedBatch evaluate(Model& model, const Batch& batch, const at::Tensor& priors,
                        const LossOptions& loss, const DetectOptions& detect) {
  const std::lock_guard lock(model.mutex);
  const auto device = model.device();
  const auto on_device = priors.to(device);
  const auto output = model.infer(batch.images.to(device));
  const Targets targets{batch.targets.boxes.to(device), batch.targets.labels.to(device)};
  const auto losses = evaluate_loss(output, std::nullopt, targets, on_device, loss).losses;
  auto found = detections(output.loc, output.conf, on_device, detect);
  const auto side = static_cast<int32_t>(batch.images.size(-1));
  for (size_t i = 0; i < batch.layers.size(); ++i) {
    to_picture(found[i].boxes, batch.layers[i].front().region, side);
  }
  return {losses.conf.item<double>(), losses.loc.item<double>(), std::move(found)};
}

Napi::Value from_evaluated(Napi::Env env, const EvaluatedBatch& batch) {
  auto found = Napi::Array::New(env, batch.found.size());
  for (uint32_t i = 0; i < batch.found.size(); ++i)
    found.Set(i, from_detections(env, batch.found[i]));
  auto out = Napi::Object::New(env);
  out.Set("conf", batch.conf);
  out.Set("loc", batch.loc);
  out.Set("detections", found);
  return out;
}

// evaluateFrom(model, loader, priors, loss options, detect options)
Napi::Value evaluate_from(const Napi::CallbackInfo& info) {
  return guard(info.Env(), [&] {
    auto& addon = Addon::of(info.Env());
    const auto loss = to_loss(info[3]);
    const auto detect = to_detect(info[4], loss.match.variances);
    return run_on(
        addon.inference, addon.completion, info.Env(),
        [model = model_of(info[0]), loader = loader_of(info[1]),
         priors = tensor_of(info[2], "priors"), loss,
         detect] { return evaluate(*model, loader->next(), priors, loss, detect); },
        from_evaluated);
  });
}

// detect(model, picture, preset with fit, priors, variances, options)
Napi::Value detect(const Napi::CallbackInfo& info) {
  return guard(info.Env(), [&] {
    auto& addon = Addon::of(info.Env());
    const Fields preset(info[2], "preset");
    const Fields holder(info[4], "variances");
    const auto options = to_detect(
        info[5], {holder.value("0").As<Napi::Number>(), holder.value("1").As<Napi::Number>()});
    const auto work = [model = model_of(info[0]), picture = to_decoded(info[1]),
                       frame = to_frame(preset), fit = to_fit(preset),
                       priors = tensor_of(info[3], "priors"), options] {
      const auto shown = whole(picture.view(), fit, frame.side);
      const auto image = resampled(picture, shown.layer, frame);
      const std::lock_guard lock(model->mutex);
      const auto output = model->infer(image.to(model->device()));
      auto found = detections(output.loc, output.conf, priors.to(model->device()), options).front();
      to_picture(found.boxes, shown.layer.region, frame.side);
      return found;
    };
    return run_on(addon.inference, addon.completion, info.Env(), work, from_detections);
  });
}

}  // namespace

void define_inference(Napi::Env env, Napi::Object exports) {
  exports.Set("evaluateFrom", Napi::Function::New<evaluate_from>(env, "evaluateFrom"));
  exports.Set("detect", Napi::Function::New<detect>(env, "detect"));
}

}  // namespace ssd
