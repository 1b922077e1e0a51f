#include "bindings/convert.h"

#include <algorithm>

#include "core/error.h"

namespace ssd {

namespace {

template <class T>
Napi::Value typed(Napi::Env env, const std::vector<T>& values) {
  auto out = Napi::TypedArrayOf<T>::New(env, values.size());
  std::copy(values.begin(), values.end(), out.Data());
  return out;
}

Node to_node(const Napi::Value& value) {
  const Fields f(value, "graph node");
  Node node;
  node.op = choose<Op>(f.text("op"),
                       {{"conv", Op::Conv},
                        {"batchnorm", Op::BatchNorm},
                        {"relu", Op::Relu},
                        {"relu6", Op::Relu6},
                        {"hardswish", Op::Hardswish},
                        {"hardsigmoid", Op::Hardsigmoid},
                        {"maxpool", Op::MaxPool},
                        {"avgpool", Op::AvgPool},
                        {"l2norm", Op::L2Norm},
                        {"add", Op::Add},
                        {"mul", Op::Mul}},
                       "operation");
  node.inputs = f.integers("inputs");
  if (f.has("name")) node.name = f.text("name");
  const auto integer = [&](const char* key, int64_t fallback) {
    return static_cast<int64_t>(f.number(key, static_cast<double>(fallback)));
  };
  node.in = integer("in", 0);
  node.out = integer("out", 0);
  node.kernel = integer("kernel", 1);
  node.stride = integer("stride", 1);
  node.padding = integer("padding", 0);
  node.dilation = integer("dilation", 1);
  node.groups = integer("groups", 1);
  node.bias = f.flag("bias", false);
  node.ceil = f.flag("ceil", false);
  node.eps = f.number("eps", node.eps);
  node.momentum = f.number("momentum", node.momentum);
  if (f.value("init").IsNumber()) {
    node.init = Init::Constant;
    node.constant = f.number("init");
  } else if (f.has("init")) {
    node.init = choose<Init>(
        f.text("init"),
        {{"kaiming", Init::Kaiming}, {"xavier", Init::Xavier}, {"normal", Init::Normal}},
        "initialisation");
  }
  return node;
}

OptimizerOptions to_optimizer(const Napi::Value& value) {
  const Fields f(value, "optimizer");
  OptimizerOptions out;
  out.rule =
      choose<Rule>(f.text("name"),
                   {{"sgd", Rule::Sgd}, {"adam", Rule::Adam}, {"adamw", Rule::AdamW}}, "optimizer");
  out.momentum = f.number("momentum");
  out.nesterov = f.flag("nesterov", false);
  const auto betas = to_variances(f.numbers("betas"));
  out.beta1 = betas[0];
  out.beta2 = betas[1];
  out.eps = f.number("eps");
  out.weight_decay = f.number("weightDecay");
  return out;
}

}  // namespace

Variances to_variances(const std::vector<double>& numbers) {
  if (numbers.size() == 2) return {numbers[0], numbers[1]};
  throw Error(Code::BadOption, "expected two numbers, got " + std::to_string(numbers.size()));
}

PriorGrid to_grid(const Napi::Value& value) {
  const Fields f(value, "prior grid");
  const auto clip = choose<Clip>(f.text("clip"),
                                 {{"none", Clip::None},
                                  {"centres", Clip::Centres},
                                  {"sizes", Clip::Sizes},
                                  {"corners", Clip::Corners}},
                                 "clip");
  PriorGrid out{
      f.number("size"), f.integers("maps"), f.numbers("steps"), f.numbers("sizes"), {}, clip};
  const auto ratios = f.array("ratios");
  for (uint32_t i = 0; i < ratios.Length(); ++i) {
    const auto list = ratios.Get(i).As<Napi::Array>();
    auto& row = out.ratios.emplace_back();
    for (uint32_t k = 0; k < list.Length(); ++k) {
      row.push_back(list.Get(k).As<Napi::Number>().DoubleValue());
    }
  }
  return out;
}

Graph to_graph(const Napi::Value& value) {
  const Fields f(value, "graph");
  Graph out{{}, f.integers("loc"), f.integers("conf"), f.integer("numClasses")};
  const auto nodes = f.array("nodes");
  for (uint32_t i = 0; i < nodes.Length(); ++i) out.nodes.push_back(to_node(nodes.Get(i)));
  return out;
}

LossOptions to_loss(const Napi::Value& value) {
  const Fields f(value, "loss options");
  LossOptions out;
  out.match.threshold = f.number("overlapThreshold");
  out.match.conflict = choose<Conflict>(
      f.text("conflict"), {{"last", Conflict::Last}, {"greedy", Conflict::Greedy}}, "conflict");
  out.match.variances = to_variances(f.numbers("variances"));
  out.mining.neg_pos_ratio = f.number("negPosRatio");
  out.mining.negatives_for_hard = f.integer("negativesForHard");
  out.mining.article = f.text("compat") == "article";
  out.kd.temperature = f.number("temperature");
  out.kd.neg_weight = f.number("negWeight");
  out.kd.pos_weight = f.number("posWeight");
  out.kd.margin = f.number("margin");
  out.kd.soft = choose<Soft>(
      f.text("soft"), {{"ce", Soft::CrossEntropy}, {"kl", Soft::KullbackLeibler}}, "soft loss");
  out.kd.mu = f.number("mu");
  out.kd.nu = f.number("nu");
  return out;
}

DetectOptions to_detect(const Napi::Value& value, const Variances& variances) {
  const Fields f(value, "detect options");
  DetectOptions out{f.number("minScore"),       f.number("iou"), f.integer("topK"),
                    f.integer("maxDetections"), variances,       {}};
  if (f.has("coderClip")) out.coder_clip = f.number("coderClip");
  return out;
}

SessionOptions to_session(const Napi::Value& value) {
  const Fields f(value, "session options");
  SessionOptions out;
  out.optimizer = to_optimizer(f.value("optimizer"));
  out.loss = to_loss(f.value("loss"));
  out.precision = choose<Precision>(
      f.text("precision"),
      {{"fp32", Precision::Fp32}, {"bf16", Precision::Bf16}, {"fp16", Precision::Fp16}},
      "precision");
  out.freeze = f.texts("freeze");
  if (f.has("teacherInput")) {
    const Fields t(f.value("teacherInput"), "teacher input");
    out.teacher_input = InputScale{t.rgb("scale"), t.rgb("shift")};
  }
  if (f.has("ema")) {
    const Fields e(f.value("ema"), "ema");
    out.ema = EmaOptions{e.number("decay"), e.number("warmup")};
  }
  if (f.has("clip")) out.clip = f.number("clip");
  if (f.has("graph")) {
    out.graph.emplace();
    out.graph->max_boxes = Fields(f.value("graph"), "graph").integer("maxBoxes");
  }
  return out;
}

std::vector<Truths> to_truths(const Napi::Value& value) {
  if (!value.IsArray())
    throw Error(Code::BadOption, "expected an array of targets, got something else");
  const auto pictures = value.As<Napi::Array>();
  std::vector<Truths> out;
  for (uint32_t i = 0; i < pictures.Length(); ++i) {
    const Fields f(pictures.Get(i), "target");
    const auto labels = f.typed<int32_t>("labels");
    out.push_back({f.typed<float>("boxes"), {labels.begin(), labels.end()}});
    if (out.back().boxes.size() == labels.size() * 4) continue;
    throw Error(Code::BadOption, "target " + std::to_string(i) +
                                     ": expected 4 numbers for each of " +
                                     std::to_string(labels.size()) + " labels, got " +
                                     std::to_string(out.back().boxes.size()));
  }
  return out;
}

Napi::Value from_detections(Napi::Env env, const Detections& found) {
  auto out = Napi::Object::New(env);
  out.Set("boxes", typed(env, found.boxes));
  out.Set("labels", typed(env, found.labels));
  out.Set("scores", typed(env, found.scores));
  return out;
}

}  // namespace ssd
