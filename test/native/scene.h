#pragma once

#include "data/augment.h"
#include "pictures.h"

constexpr int32_t kSceneWidth = 120, kSceneHeight = 90;

// Grey, with a red object of label 0 and a blue one of label 1.
Painting scene();

// The augmentation of picture `index` of an epoch.
ssd::Shown augmented(const Painting& painting, const ssd::AugmentOptions& options, uint32_t index);

// Training pictures of the tests.
constexpr int32_t kSide = 200;

// Whether a view shows all of the scene.
bool is_whole(const ssd::View& view);
