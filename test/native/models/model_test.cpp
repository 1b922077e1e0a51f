#include "models/model.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/_fused_sgd.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>

#include <string>

#include "core/error.h"
#include "fixtures.h"
#include "tensors.h"

namespace ssd {
namespace {

at::Tensor pictures() {
  return noise({2, 3, kTinySide, kTinySide}, 1).to(at::kFloat);
}

std::span<const uint8_t> bytes_of(const at::Tensor& tensor) {
  return {static_cast<const uint8_t*>(tensor.const_data_ptr()), tensor.nbytes()};
}

const std::set<std::string> kStatistics{"body.norm.running_mean", "body.norm.running_var",
                                        "body.norm.num_batches_tracked"};

TEST(the_state_dict_is_in_the_order_of_the_nodes) {
  Model model(tiny_graph(), 1);
  std::vector<std::string> names;
  for (const auto& parameter : model.parameters()) names.push_back(parameter.name);
  EXPECT_EQ((std::vector<std::string>{"body.conv.weight", "body.norm.weight", "body.norm.bias",
                                      "body.norm.running_mean", "body.norm.running_var",
                                      "body.norm.num_batches_tracked", "loc.0.weight", "loc.0.bias",
                                      "conf.0.weight", "conf.0.bias"}),
            names);
  for (const auto& name : names) EXPECT_EQ(name, model.parameter(name).name);
  EXPECT_THROWS(Code::BadCheckpoint, model.parameter("body.conv"));
}

TEST(the_seed_decides_the_start) {
  Model model(tiny_graph(), 1), twin(tiny_graph(), 1), other(tiny_graph(), 2);
  EXPECT_EQ(kNothing, Snapshot(model).changed(twin));
  EXPECT_EQ((std::set<std::string>{"body.conv.weight", "conf.0.weight", "loc.0.weight"}),
            Snapshot(model).changed(other));
}

TEST(outputs_have_a_row_for_each_prior) {
  Model model(tiny_graph(), 1);
  for (const auto& out : {model.infer(pictures()), model.train(pictures(), {})}) {
    EXPECT_EQ((std::vector<int64_t>{2, kTinyPriors, 4}), out.loc.sizes().vec());
    EXPECT_EQ((std::vector<int64_t>{2, kTinyPriors, kTinyClasses}), out.conf.sizes().vec());
  }
}

TEST(rows_go_cell_by_cell_and_maps_one_after_the_other) {
  // Two 1 x 1 heads whose output tells where it came from: 100 * cell + channel.
  Graph graph;
  graph.num_classes = 2;
  for (const auto& [name, out] : {std::pair<const char*, int64_t>{"loc", 8}, {"conf", 4}}) {
    Node node;
    node.op = Op::Conv;
    node.name = name;
    node.inputs = {0};
    node.in = 3;
    node.out = out;
    node.bias = true;
    graph.nodes.push_back(node);
  }
  graph.loc = {1, 1};
  graph.conf = {2, 2};
  Model model(graph, 1);
  for (const std::string name : {"loc", "conf"}) {
    auto& weight = model.parameter(name + ".weight").value;
    weight.zero_().select(1, 0).fill_(100);
    auto& bias = model.parameter(name + ".bias").value;
    for (int64_t i = 0; i < bias.size(0); ++i) bias.select(0, i).fill_(i);
  }
  auto image = at::zeros({1, 3, 2, 3});
  for (int64_t cell = 0; cell < 6; ++cell) {
    image.select(1, 0).select(1, cell / 3).select(1, cell % 3).fill_(cell);
  }
  const auto expected = [](int64_t columns) {
    std::vector<double> out;
    for (int64_t row = 0; row < 24; ++row) {
      // Both maps have two priors a cell.
      for (int64_t k = 0; k < columns; ++k)
        out.push_back(row % 12 / 2 * 100 + row % 2 * columns + k);
    }
    return out;
  };
  const auto out = model.infer(image);
  EXPECT_NEAR(expected(4), out.loc, 1e-4);
  EXPECT_NEAR(expected(2), out.conf, 1e-4);
}

TEST(inference_changes_nothing_and_builds_no_graph) {
  Model model(tiny_graph(), 1);
  for (auto& parameter : model.parameters()) {
    if (!parameter.buffer) parameter.value.set_requires_grad(true);
  }
  const Snapshot before(model);
  const auto out = model.infer(pictures());
  EXPECT(!out.loc.requires_grad());
  EXPECT_EQ(kNothing, before.changed(model));
  EXPECT(model.train(pictures(), {}).loc.requires_grad());
}

TEST(training_moves_the_statistics) {
  Model model(tiny_graph(), 1);
  const Snapshot before(model);
  const auto training = model.train(pictures(), {});
  EXPECT_EQ(kStatistics, before.changed(model));
  EXPECT(!same_bits(training.loc, model.infer(pictures()).loc));
}

TEST(frozen_nodes_keep_their_statistics_and_use_them) {
  Model model(tiny_graph(), 1);
  const Snapshot before(model);
  const auto frozen = model.train(pictures(), {"other", "body."});
  EXPECT_EQ(kNothing, before.changed(model));
  // Inference folds the BatchNorm, which rounds otherwise.
  EXPECT_NEAR(frozen.conf, model.infer(pictures()).conf, 1e-5);
  model.train(pictures(), {"other", "norm"});  // a prefix, not any part of a name
  EXPECT_EQ(kStatistics, before.changed(model));
}

// What inference gives is what the tensors are now, however they came to be so.
TEST(inference_follows_every_change_of_the_tensors) {
  Model model(tiny_graph(), 1);
  const auto follows = [&](const std::string& what, auto change) {
    const auto before = model.infer(pictures()).conf;
    change();
    const auto after = model.infer(pictures()).conf;
    EXPECT(!same_bits(before, after));
    const auto off = (after - model.train(pictures(), {""}).conf).abs().max().item<float>();
    if (off > 1e-5F) check::fail(__FILE__, __LINE__, what, "0", std::to_string(off));
  };
  const auto weight = noise({8, 3, 3, 3}, 4).to(at::kFloat);
  follows("assign", [&] { model.assign("body.conv.weight", bytes_of(weight)); });
  follows("in place", [&] { model.parameter("body.norm.weight").value.mul_(2); });
  follows("statistics", [&] { model.train(pictures(), {}); });
  follows("a fused optimizer, which has to say so", [&] {
    auto& bias = model.parameter("body.norm.bias").value;
    at::_fused_sgd_({bias}, {at::full({8}, 1, at::kFloat)}, {}, 0, 0, 0.5, 0, false, false, false);
    model.touch();
  });
}

TEST(a_value_is_kept_until_its_last_use) {
  // x -> conv -> relu -> add(relu, conv): the convolution's value is needed again after the relu.
  Graph graph;
  Node conv, relu, add;
  conv.op = Op::Conv;
  conv.name = "conv";
  conv.inputs = {0};
  conv.in = 3;
  conv.out = 4;
  relu.inputs = {1};
  add.op = Op::Add;
  add.inputs = {2, 1};
  graph.nodes = {conv, relu, add};
  graph.loc = {3};
  graph.conf = {2};  // an output is kept to the end although it was used before
  graph.num_classes = 4;
  Model model(graph, 1);
  const auto images = pictures();
  const auto map = apply(conv, {images}, model.parameters().data(), false);
  const auto rows = [](const at::Tensor& values) {
    return values.permute({0, 2, 3, 1}).reshape({2, -1, 4});
  };
  const auto out = model.infer(images);
  // Values of about ten, from another memory layout.
  EXPECT_NEAR(rows(map.relu()), out.conf, 1e-5);
  EXPECT_NEAR(rows(map.relu() + map), out.loc, 1e-5);
}

TEST(a_name_twice_throws) {
  auto graph = tiny_graph();
  graph.nodes[4].name = "loc.0";
  EXPECT_THROWS(Code::BadOption, Model(graph, 1).parameters().size());
}

TEST(a_graph_without_tensors_throws) {
  Graph graph;
  Node relu;
  relu.inputs = {0};
  graph.nodes = {relu};
  graph.loc = graph.conf = {1};
  graph.num_classes = 3;
  EXPECT_THROWS(Code::BadOption, Model(graph, 1).parameters().size());
}

TEST(assigning_converts_to_the_tensors_own_type) {
  Model model(tiny_graph(), 1);
  const std::string name = "body.norm.weight";
  const auto& target = model.parameter(name).value;
  // Every one of these types has these numbers.
  const auto values = doubles({8}, {0, 1, 2, 3, 4, 5, 6, 7});
  for (const auto type : {at::kFloat, at::kDouble, at::kHalf, at::kBFloat16, at::kLong, at::kInt,
                          at::kShort, at::kChar, at::kByte}) {
    target.zero_();
    model.assign(name, bytes_of(values.to(type)), type);
    EXPECT(target.scalar_type() == at::kFloat);
    EXPECT_NEAR(values, target, 0);
  }
  const auto steps = "body.norm.num_batches_tracked";
  model.assign(steps, bytes_of(at::full({}, 9, at::kInt)), at::kInt);
  EXPECT(same_bits(at::full({}, 9, at::kLong), model.parameter(steps).value));
}

TEST(assigning_takes_rows_whatever_the_memory_format) {
  Model model(tiny_graph(), 1);
  const auto weight = noise({8, 3, 3, 3}, 4).to(at::kFloat);
  model.assign("body.conv.weight", bytes_of(weight));
  EXPECT(same_bits(weight, model.parameter("body.conv.weight").value.contiguous()));
  EXPECT(!model.parameter("body.conv.weight").value.is_contiguous());
}

TEST(assigning_what_does_not_fit_throws_and_leaves_the_tensor) {
  Model model(tiny_graph(), 1);
  const Snapshot before(model);
  const auto seven = doubles({7}, {1, 2, 3, 4, 5, 6, 7});
  EXPECT_THROWS(Code::BadCheckpoint, (model.assign("none", bytes_of(seven), at::kDouble), 0));
  EXPECT_THROWS(Code::BadCheckpoint,
                (model.assign("body.norm.bias", bytes_of(seven), at::kDouble), 0));
  // 8 floats have the bytes of 4 doubles: the type decides.
  const auto eight = floats({8}, {1, 2, 3, 4, 5, 6, 7, 8});
  EXPECT_THROWS(Code::BadCheckpoint,
                (model.assign("body.norm.bias", bytes_of(eight), at::kDouble), 0));
  const auto half = at::full({}, 0.5, at::kFloat);
  EXPECT_THROWS(Code::BadCheckpoint,
                (model.assign("body.norm.num_batches_tracked", bytes_of(half), at::kFloat), 0));
  EXPECT_EQ(kNothing, before.changed(model));
}

TEST(pictures_of_other_shapes_throw) {
  Model model(tiny_graph(), 1);
  EXPECT_THROWS(Code::BadOption, model.infer(at::zeros({1, 4, 16, 16})));
  EXPECT_THROWS(Code::BadOption, model.infer(at::zeros({3, 16, 16})));
}

}  // namespace
}  // namespace ssd
