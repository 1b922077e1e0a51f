#include "train/replay.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/stack.h>

#include <cmath>

#include "core/error.h"
#include "fixtures.h"
#include "tensors.h"
#include "train/session.h"

namespace ssd {
namespace {

// Does at a replay what a device would: the same work on the same memory, decided once.
class Pretended : public Recording {
 public:
  explicit Pretended(int& records) : records_(records) {}
  void record(const std::function<void()>& work) override {
    work_ = work;
    ++records_;
  }
  void replay() override { work_(); }

 private:
  int& records_;
  std::function<void()> work_;
};

struct Counted {
  int records = 0;
  int plain = 0;  // times the work saw other memory than the record's
  const void* memory = nullptr;

  Replay replay{
      {.max_boxes = 4, .recording = [this] { return std::make_unique<Pretended>(records); }},
      at::kCPU};

  at::Tensor operator()(const Inputs& inputs, double lr) {
    return replay.run({inputs}, lr, [&](const std::vector<Inputs>& taken, const at::Tensor& rate) {
      const auto& [images, targets] = taken.front();
      if (images.const_data_ptr() != memory) ++plain;
      memory = images.const_data_ptr();
      return at::stack({images.sum(), targets.boxes.sum(), (targets.labels + 1).sum(), rate});
    });
  }
};

Inputs inputs_of(uint64_t seed, int64_t pictures = 2, int64_t boxes = 3) {
  return {
      noise({pictures, 3, 4, 4}, seed).to(at::kFloat),
      {random_boxes(pictures * boxes, seed).to(at::kFloat).reshape({pictures, boxes, 4}),
       longs({pictures, boxes}, std::vector<int64_t>(static_cast<size_t>(pictures * boxes), 1))}};
}

std::vector<double> expected(const Inputs& inputs, double lr) {
  return {inputs.images.sum().item<double>(), inputs.targets.boxes.sum().item<double>(),
          2.0 * static_cast<double>(inputs.targets.labels.numel()), lr};
}

TEST(recorded_or_not_the_numbers_are_those_of_the_inputs_and_the_rate) {
  Counted work;
  for (uint64_t i = 0; i < 10; ++i) {
    const auto inputs = inputs_of(i, 2, i % 4 + 1);
    EXPECT_NEAR(expected(inputs, 0.1 * static_cast<double>(i)),
                work(inputs, 0.1 * static_cast<double>(i)), 1e-4);
    EXPECT_EQ(i < 3 ? 0 : 1, work.records);
  }
}

TEST(what_does_not_fit_is_computed_as_it_stands) {
  Counted work;
  for (uint64_t i = 0; i < 5; ++i) work(inputs_of(i), 1);
  EXPECT_EQ(1, work.records);
  for (const auto& other : {inputs_of(7, 1), inputs_of(8, 2, 5), inputs_of(9, 3, 5)}) {
    EXPECT_NEAR(expected(other, 2), work(other, 2), 1e-4);
  }
  const auto again = inputs_of(10);
  EXPECT_NEAR(expected(again, 3), work(again, 3), 1e-4);
  EXPECT_EQ(1, work.records);
}

TEST(other_work_is_recorded_anew) {
  Counted work;
  for (uint64_t i = 0; i < 5; ++i) work(inputs_of(i), 1);
  work.replay.forget();
  for (uint64_t i = 0; i < 5; ++i) work(inputs_of(i), 1);
  EXPECT_EQ(2, work.records);
}

TEST(a_device_that_records_nothing_is_refused) {
  EXPECT_THROWS(Code::BadOption, Replay({}, at::kCPU));
}

TEST(a_session_replays_the_steps_it_would_make) {
  int records = 0;
  const auto student = std::make_shared<Model>(tiny_graph(), 1);
  const auto other = std::make_shared<Model>(tiny_graph(), 1);
  SessionOptions options;
  options.optimizer.rule = Rule::AdamW;
  options.ema = EmaOptions{0.9, 4};
  options.guarded = true;
  Session plain(other, nullptr, prior_boxes(tiny_grid()), options);
  options.graph = {.max_boxes = 4,
                   .recording = [&] { return std::make_unique<Pretended>(records); }};
  Session session(student, nullptr, prior_boxes(tiny_grid()), options);
  for (int i = 0; i < 8; ++i) {
    if (i == 5) {
      for (auto* one : {&session, &plain}) one->begin({"body."});
    }
    const double lr = std::ldexp(1.0, -7 - i);  // a float32 too
    EXPECT_EQ(plain.step(tiny_batch(), lr).total, session.step(tiny_batch(), lr).total);
  }
  EXPECT_EQ(1, records);
  EXPECT_EQ(kNothing, Snapshot(*other).changed(*student));
  const auto states = plain.state();
  for (const auto& [name, tensor] : session.state()) EXPECT(same_bits(states.at(name), tensor));
}

}  // namespace
}  // namespace ssd
