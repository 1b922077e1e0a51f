#pragma once

#include <vector>

#include "core/random.h"
#include "data/pictures.h"
#include "data/resample.h"
#include "train/batch.h"

namespace ssd {

struct AugmentOptions {
  bool photometric = true;
  bool expand = true;  // zoom out onto a canvas of the mean colour, 1 to 4 times, probability 1/2
  bool crop = true;    // a patch with a minimum IoU of .1, .3, .7, .9 with a truth, any, or none
  bool mirror = true;
};

// What the augmentation does to one picture: a pure function of (options, picture, random).
struct Augmentation {
  View view;
  Colour colour;
  Truths truths;  // relative to the view, what left it dropped
};

// SSD's augmentation (section 2.2, data augmentation).
Augmentation augment(const Picture& picture, const AugmentOptions& options, Random& random);

// The whole picture and its truths, unchanged.
Augmentation whole(const Picture& picture);

}  // namespace ssd
