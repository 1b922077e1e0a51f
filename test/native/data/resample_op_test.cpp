#include "data/resample_op.h"

#include <ATen/Context.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/from_blob.h>

#include "check.h"
#include "composed.h"
#include "scene.h"
#include "tensors.h"

namespace ssd {
namespace {

// Two, no and one layers of numbered paintings.
struct Batch {
  std::vector<Painting> paintings{numbered_painting(3, 2), numbered_painting(90, 1), scene()};
  std::vector<Layer> layers{
      {.view = {2, 3, 25, 20}, .region = {0, 0, 16, 16}, .colour = {.saturation = 1.4F}},
      {.view = {-5, -5, 60, 40, true}, .region = {4, 2, 10, 9}, .opacity = 0.5F},
      {.view = {10, 0, 100, 90}, .region = {0, 0, 16, 16}, .colour = {.channels = {2, 0, 1}}}};

  Record at(size_t i) const {
    const auto picture = paintings[i].picture();
    return record(layers[i], picture, picture.pixels);
  }
  Composition all() const { return {{at(0), at(1)}, {}, {at(2)}}; }
};

constexpr Frame kFrame{16, {{123, 117, 104}, {58, 57, 56}}};

TEST(a_batch_is_its_pictures) {
  const Batch batch;
  const auto out = resample(batch.all(), kFrame, at::kCPU);
  EXPECT_EQ((std::vector<int64_t>{3, 16, 16, 3}), out.sizes().vec());
  const auto& [a, b, c] = std::tie(batch.paintings[0], batch.paintings[1], batch.paintings[2]);
  EXPECT_NEAR(composed({batch.layers[0], batch.layers[1]}, {a, b}, kFrame), out.select(0, 0), 0);
  EXPECT_NEAR(composed({}, {}, kFrame), out.select(0, 1), 0);
  EXPECT_NEAR(composed({batch.layers[2]}, {c}, kFrame), out.select(0, 2), 0);
}

TEST(it_comes_in_the_type_that_is_asked_for) {
  const Batch batch;
  auto frame = kFrame;
  frame.dtype = at::kBFloat16;
  const auto rounded = resample(batch.all(), frame, at::kCPU);
  EXPECT(rounded.scalar_type() == at::kBFloat16);
  EXPECT(same_bits(resample(batch.all(), kFrame, at::kCPU).to(at::kBFloat16), rounded));
  EXPECT_EQ((std::vector<int64_t>{0, 16, 16, 3}), resample({}, kFrame, at::kCPU).sizes().vec());
}

// The device's kernel against the CPU's rows, where there is one: within a 255th of the range, as
// a kernel may contract its multiplications and additions.
TEST(a_gpu_makes_the_same_pictures) {
  SKIP_UNLESS(at::hasCUDA());
  const Batch batch;
  Composition on_device;
  std::vector<at::Tensor> pixels;
  for (const auto& layers : batch.all()) {
    auto& records = on_device.emplace_back();
    for (auto layer : layers) {
      const int64_t bytes = static_cast<int64_t>(layer.width) * layer.height * 3;
      pixels.push_back(
          at::from_blob(const_cast<uint8_t*>(layer.pixels), {bytes}, at::kByte).to(at::kCUDA));
      layer.pixels = pixels.back().const_data_ptr<uint8_t>();
      records.push_back(layer);
    }
  }
  const auto expected = resample(batch.all(), kFrame, at::kCPU);
  const auto got = resample(on_device, kFrame, at::kCUDA).to(at::kCPU);
  EXPECT((expected - got).abs().max().item<double>() < 1.0 / 56);
}

}  // namespace
}  // namespace ssd
