#pragma once

#include <napi.h>

#include <string>
#include <vector>

#include "bindings/fields.h"
#include "boxes/detections.h"
#include "boxes/priors.h"
#include "data/loader.h"
#include "models/graph.h"
#include "train/session.h"

namespace ssd {

Variances to_variances(const std::vector<double>& numbers);
PriorGrid to_grid(const Napi::Value& value);
Graph to_graph(const Napi::Value& value);
LossOptions to_loss(const Napi::Value& value);
DetectOptions to_detect(const Napi::Value& value, const Variances& variances);
Frame to_frame(const Fields& fields);
Fit to_fit(const Fields& fields);
LoaderOptions to_loader(const Napi::Value& value);
// What a layer shows, over a whole training picture of `side` pixels.
Layer to_layer(const Napi::Value& value, int32_t side);
Napi::Value from_layer(Napi::Env env, const Layer& layer);
SessionOptions to_session(const Napi::Value& value);
std::vector<Truths> to_truths(const Napi::Value& value);

Napi::Value from_detections(Napi::Env env, const Detections& found);

}  // namespace ssd
