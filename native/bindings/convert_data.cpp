#include "bindings/convert.h"
#include "bindings/tensor.h"

namespace ssd {

namespace {

AugmentOptions to_augment(const Napi::Value& value) {
  const Fields f(value, "augment options");
  return {f.flag("photometric", true),
          f.flag("expand", true),
          f.flag("crop", true),
          f.flag("mirror", true),
          choose<Overlap>(f.text("overlap"),
                          {{"reached", Overlap::Reached}, {"ignored", Overlap::Ignored}},
                          "overlap rule"),
          static_cast<float>(f.number("mosaic")),
          static_cast<float>(f.number("mixup"))};
}

Colour to_colour(const Fields& f) {
  Colour out;
  out.brightness = static_cast<float>(f.number("brightness"));
  out.contrast = static_cast<float>(f.number("contrast"));
  out.saturation = static_cast<float>(f.number("saturation"));
  out.hue = static_cast<float>(f.number("hue"));
  out.contrast_first = f.flag("contrastFirst", true);
  const auto channels = f.rgb("channels");
  for (size_t c = 0; c < 3; ++c) {
    if (channels[c] != 0 && channels[c] != 1 && channels[c] != 2) {
      throw Error(Code::BadOption, "colour: expected channels of 0, 1, 2");
    }
    out.channels[c] = static_cast<uint8_t>(channels[c]);
  }
  return out;
}

Napi::Value from_colour(Napi::Env env, const Colour& colour) {
  auto channels = Napi::Array::New(env);
  for (uint32_t c = 0; c < 3; ++c) channels.Set(c, static_cast<double>(colour.channels[c]));
  auto out = Napi::Object::New(env);
  out.Set("brightness", colour.brightness);
  out.Set("contrast", colour.contrast);
  out.Set("saturation", colour.saturation);
  out.Set("hue", colour.hue);
  out.Set("contrastFirst", colour.contrast_first);
  out.Set("channels", channels);
  return out;
}

template <class T>
Napi::Array numbers(Napi::Env env, std::initializer_list<T> values) {
  auto out = Napi::Array::New(env);
  for (const auto value : values) out.Set(out.Length(), static_cast<double>(value));
  return out;
}

}  // namespace

Frame to_frame(const Fields& f) {
  Frame out{static_cast<int32_t>(f.integer("size")), {f.rgb("mean"), f.rgb("std")}, at::kFloat};
  if (f.has("dtype")) out.dtype = dtype_of(f.text("dtype"));
  if (out.side > 0 && (out.dtype == at::kFloat || out.dtype == at::kBFloat16)) return out;
  throw Error(Code::BadOption, "pictures: expected a positive size, and float32 or bfloat16");
}

Fit to_fit(const Fields& f) {
  return choose<Fit>(f.text("fit"), {{"stretch", Fit::Stretch}, {"letterbox", Fit::Letterbox}},
                     "fit");
}

LoaderOptions to_loader(const Napi::Value& value) {
  const Fields f(value, "loader options");
  LoaderOptions out;
  out.frame = to_frame(f);
  out.batch = static_cast<int32_t>(f.integer("batch"));
  out.seed = static_cast<uint64_t>(f.integer("seed"));
  out.threads = static_cast<int32_t>(f.integer("threads"));
  out.fit = to_fit(f);
  out.device = device_of(f.text("device"));
  out.resident = f.flag("resident", false);
  if (f.has("augment")) out.augment = to_augment(f.value("augment"));
  return out;
}

Layer to_layer(const Napi::Value& value, int32_t side) {
  const Fields f(value, "layer");
  const auto view = f.numbers("view");
  if (view.size() != 4 || !(view[2] > 0) || !(view[3] > 0)) {
    throw Error(Code::BadOption, "layer: expected a view [left, top, width, height]");
  }
  Layer out;
  out.view = {static_cast<float>(view[0]), static_cast<float>(view[1]), static_cast<float>(view[2]),
              static_cast<float>(view[3]), f.flag("mirror", false)};
  out.region = {0, 0, side, side};
  if (f.has("colour")) out.colour = to_colour(Fields(f.value("colour"), "colour"));
  return out;
}

Napi::Value from_layer(Napi::Env env, const Layer& layer) {
  const auto& [index, view, region, colour, opacity, mode] = layer;
  auto out = Napi::Object::New(env);
  out.Set("index", index);
  out.Set("view", numbers(env, {view.left, view.top, view.width, view.height}));
  out.Set("mirror", view.mirror);
  out.Set("region", numbers(env, {region.left, region.top, region.width, region.height}));
  out.Set("colour", from_colour(env, colour));
  out.Set("opacity", opacity);
  out.Set("mode", mode);
  return out;
}

}  // namespace ssd
