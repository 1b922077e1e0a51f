#include "composed.h"

#include <c10/util/BFloat16.h>

#include "check.h"

namespace {

// One more than the picture has: a sentinel that no output may touch.
template <class T>
std::vector<double> filled(const std::vector<ssd::Layer>& layers,
                           const std::vector<ssd::Picture>& pictures, const ssd::Frame& frame) {
  const auto side = static_cast<size_t>(frame.side);
  std::vector<T> out(side * side * 3 + 1, static_cast<T>(-999));
  ssd::resample(layers, pictures, frame, out.data());
  EXPECT_EQ(static_cast<float>(static_cast<T>(-999)), static_cast<float>(out.back()));
  return {out.begin(), out.end() - 1};
}

}  // namespace

std::vector<double> composed(const std::vector<ssd::Layer>& layers,
                             const std::vector<Painting>& paintings, const ssd::Frame& frame) {
  std::vector<ssd::Picture> pictures;
  for (const auto& painting : paintings) pictures.push_back(painting.picture());
  if (frame.dtype == at::kBFloat16) return filled<c10::BFloat16>(layers, pictures, frame);
  return filled<float>(layers, pictures, frame);
}

std::vector<double> pixelwise(const ssd::Layer& layer, const ssd::Picture& picture,
                              const ssd::Frame& frame) {
  const auto& [mean, deviation] = frame.normalisation;
  const auto record = ssd::record(layer, picture, picture.pixels);
  const ssd::Rgb ground{{mean[0], mean[1], mean[2]}};
  std::vector<double> out;
  for (int32_t place = 0; place < frame.side * frame.side; ++place) {
    auto rgb = ground;
    ssd::lay(record, ground, place % frame.side, place / frame.side, rgb);
    for (size_t c = 0; c < 3; ++c) out.push_back((rgb.values[c] - mean[c]) / deviation[c]);
  }
  return out;
}
