#pragma once

#include "bindings/tensor.h"
#include "data/pictures.h"

namespace ssd {

// Whoever holds the pictures: a Pack, a MemoryPack or a Feed of JavaScript.
std::shared_ptr<Pictures> pictures_of(const Napi::Value& value);

}  // namespace ssd
