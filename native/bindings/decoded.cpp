#include "bindings/decoded.h"

#include <ATen/ops/empty.h>

#include "bindings/convert.h"
#include "bindings/guard.h"
#include "bindings/tensor.h"

namespace ssd {

Decoded to_decoded(const Napi::Value& value) {
  const Fields f(value, "picture");
  Decoded out{f.typed<uint8_t>("data"), static_cast<int32_t>(f.integer("width")),
              static_cast<int32_t>(f.integer("height"))};
  const auto expected = static_cast<uint64_t>(out.width) * static_cast<uint64_t>(out.height) * 3;
  if (out.width > 0 && out.height > 0 && out.pixels.size() == expected) return out;
  throw Error(Code::BadData, "picture: expected width * height * 3 bytes of RGB, got " +
                                 std::to_string(out.pixels.size()));
}

at::Tensor resampled(const Decoded& picture, const Layer& layer, const Frame& frame) {
  const auto image = at::empty({1, frame.side, frame.side, 3}, frame.dtype);
  const auto view = picture.view();
  resample({&layer, 1}, {&view, 1}, frame, image.data_ptr());
  return image.permute({0, 3, 1, 2});
}

namespace {

// resample(picture, layer, preset)
Napi::Value resample_picture(const Napi::CallbackInfo& info) {
  return guard(info.Env(), [&] {
    const auto frame = to_frame(Fields(info[2], "preset"));
    return wrap(info.Env(), resampled(to_decoded(info[0]), to_layer(info[1], frame.side), frame));
  });
}

}  // namespace

void define_decoded(Napi::Env env, Napi::Object exports) {
  exports.Set("resample", Napi::Function::New<resample_picture>(env, "resample"));
}

}  // namespace ssd
