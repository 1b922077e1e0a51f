import { type Preset, presets } from "../../presets.js";
import type { DetectorLayout, Names } from "./layout.js";

// Whole detectors of the field. Two layouts can share all names and still differ in what their
// weights expect: then the first is taken, and the other has to be asked for.

const vggHeads = ["L2Norm.weight", "extras.7.weight", "loc.5.weight", "conf.5.weight"];
const vgg16 = ["vgg.33.weight", ...vggHeads];

/** bubbliiiing subtracts Caffe's means in BGR order from RGB, and clips the priors' corners. */
const bubbliiiing = {
  mean: [104, 117, 123],
  stepConvention: "imageOverMap",
  clip: "corners",
} satisfies Partial<Preset>;

const heads: Names = {
  loc: "head.regression_head.module_list",
  conf: "head.classification_head.module_list",
};

/** Torchvision nests the layers after conv4_3: conv5 with the reduced fc6 and fc7, then the extras. */
const torchvisionVgg: Names = {
  vgg: "backbone.features",
  "L2Norm.weight": "backbone.scale_weight",
  "vgg.24": "backbone.extra.0.1",
  "vgg.26": "backbone.extra.0.3",
  "vgg.28": "backbone.extra.0.5",
  "vgg.31": "backbone.extra.0.7.1",
  "vgg.33": "backbone.extra.0.7.3",
  ...Object.fromEntries(
    Array.from({ length: 8 }, (_, i) => [
      `extras.${i}`,
      `backbone.extra.${1 + Math.floor(i / 2)}.${(i % 2) * 2}`,
    ]),
  ),
  ...heads,
};

/** Torchvision cuts the body inside feature 13, whose expansion is the first source. */
const torchvisionSsdlite: Names = {
  ...numbered(13, 0, "backbone.features.0"),
  "features.13.block.0": "backbone.features.0.13",
  "features.13.block.1": "backbone.features.1.0.1",
  "features.13.block.2": "backbone.features.1.0.2",
  "features.13.block.3": "backbone.features.1.0.3",
  ...numbered(3, 14, "backbone.features.1", 1),
  extras: "backbone.extra",
  ...heads,
};

/** `features.{from + i}` is `theirs.{start + i}`. */
function numbered(count: number, from: number, theirs: string, start = 0): Record<string, string> {
  const all = Array.from({ length: count }, (_, i) => i);
  return Object.fromEntries(all.map((i) => [`features.${from + i}`, `${theirs}.${start + i}`]));
}

const same: Names = { "": "" };

export const detectorLayouts: readonly DetectorLayout[] = [
  {
    family: "ssd.pytorch",
    backbone: "vgg",
    names: same,
    preset: presets["ssd300-vgg16"],
    signature: vgg16,
  },
  {
    family: "bubbliiiing",
    backbone: "vgg",
    names: same,
    preset: { ...presets["ssd300-vgg16"], ...bubbliiiing },
    signature: vgg16,
  },
  {
    family: "ssd.pytorch",
    backbone: "vgg",
    names: same,
    preset: presets["ssd300-vgg13"],
    signature: ["vgg.27.weight", ...vggHeads],
  },
  {
    family: "bubbliiiing",
    backbone: "mobilenetv2",
    names: { ...same, features: "mobilenet" },
    preset: presets["ssd300-mobilenetv2-bubbliiiing"],
    signature: ["mobilenet.18.0.weight", "extras.3.conv.2.weight", "conf.5.weight"],
  },
  {
    family: "torchvision",
    backbone: "vgg",
    names: torchvisionVgg,
    preset: presets["ssd300-vgg16-torchvision"],
    signature: ["backbone.scale_weight", "backbone.extra.0.7.3.weight", `${heads.conf}.5.weight`],
  },
  {
    family: "torchvision",
    backbone: "mobilenetv3",
    names: torchvisionSsdlite,
    preset: presets["ssdlite320-mobilenetv3-large"],
    signature: ["backbone.features.1.0.1.0.weight", `${heads.conf}.5.1.weight`],
  },
];
