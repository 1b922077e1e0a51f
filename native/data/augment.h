#pragma once

#include <vector>

#include "core/random.h"
#include "data/layer.h"
#include "data/pictures.h"
#include "train/batch.h"

namespace ssd {

// What a patch of a minimum IoU asks for: that a truth reaches it (Caffe's SSD, torchvision), or
// nothing (ssd.pytorch, whose condition no patch fails).
enum class Overlap { Reached, Ignored };

struct AugmentOptions {
  bool photometric = true;
  bool expand = true;  // zoom out onto a canvas of the mean colour, 1 to 4 times, probability 1/2
  bool crop = true;    // a patch with a minimum IoU of .1, .3, .7, .9 with a truth, any, or none
  bool mirror = true;
  Overlap overlap = Overlap::Reached;
  float mosaic = 0;  // probability that a training picture is made of four
  float mixup = 0;   // probability that another shines through
};

// How a whole picture is brought to a square.
enum class Fit { Stretch, Letterbox };

// What is shown of one picture, and its truths relative to the training picture.
struct Shown {
  Layer layer;
  Truths truths;
};

// SSD's augmentation of one picture (section 2.2; the order and the numbers of ssd.pytorch): a pure
// function of (options, picture, side, random). Views are whole pixels.
Shown augment(const Picture& picture, const AugmentOptions& options, int32_t side, Random& random);

// The whole picture and its truths: stretched, or as it is with margins of the mean colour.
Shown whole(const Picture& picture, Fit fit, int32_t side);

// Boxes relative to a training picture of `side` pixels, made relative to the picture that fills
// `region` of it, and held to it.
void to_picture(std::vector<float>& boxes, const Region& region, int32_t side);

// The truths that a layer shows, relative to the training picture of `side` pixels: clipped, and
// left out when less than `share` of their area, or no more than a sliver, can be seen.
// `by_centre` keeps only those whose centre is shown.
Truths seen(const Picture& picture, const Layer& layer, int32_t side, bool by_centre, float share);

}  // namespace ssd
