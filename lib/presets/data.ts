import type { Preset } from "./schema.js";

// Architectures as data. What several share stands once, above them.

type Part = Partial<Preset>;

/** What holds unless a preset says otherwise: ssd.pytorch's conventions. */
const field = {
  head: "conv",
  batchNorm: { eps: 1e-5, momentum: 0.1 },
  clip: true,
  stepConvention: "fixed",
  variances: [0.1, 0.2],
  coderClip: null,
} satisfies Part;

const ssd300 = {
  ...field,
  size: 300,
  maps: [38, 19, 10, 5, 3, 1],
  steps: [8, 16, 32, 64, 100, 300],
  sizes: [30, 60, 111, 162, 213, 264, 315],
  ratios: [[2], [2, 3], [2, 3], [2, 3], [2], [2]],
} satisfies Part;

const ssd128 = {
  ...field,
  size: 128,
  maps: [16, 8, 4, 2],
  steps: [8, 16, 32, 64],
  sizes: [14, 30, 54, 82, 115],
  ratios: [[2], [2], [2], [2]],
} satisfies Part;

/** torchvision clips width and height alone, and bounds the growth of a side. */
const torchvision = { clip: "sizes", coderClip: Math.log(1000 / 16) } satisfies Part;

const caffe = { mean: [123, 117, 104], std: [1, 1, 1] } satisfies Part;
const imagenet = { mean: [123.675, 116.28, 103.53], std: [58.395, 57.12, 57.375] } satisfies Part;

const vgg16 = {
  kind: "vgg",
  layers: [64, 64, "M", 128, 128, "M", 256, 256, 256, "C", 512, 512, 512, "M", 512, 512, 512],
} satisfies Preset["backbone"];

/** Cells that lie size / map apart, ratios 2 and 3 on every map. */
function evenGrid(size: number, maps: number[]) {
  return {
    size,
    maps,
    steps: maps.map((map) => size / map),
    stepConvention: "imageOverMap",
    ratios: maps.map(() => [2, 3]),
  } satisfies Part;
}

/**
 * The architectures by name. `ssd300-*` share the grid of 8732 priors (SSD, arXiv 1512.02325), so
 * any of them can teach any other, but for the two that end in the name of a project: these follow
 * its weights to the number (torchvision; bubbliiiing/ssd-pytorch), as `ssdlite320-*` follows
 * torchvision's. `ssd128-*` are small enough to train on a CPU in minutes.
 */
export const presets = {
  "ssd300-vgg16": { name: "ssd300-vgg16", backbone: vgg16, ...ssd300, ...caffe },
  "ssd300-vgg13": {
    name: "ssd300-vgg13",
    backbone: {
      kind: "vgg",
      layers: [64, 64, "M", 128, 128, "M", 256, 256, "C", 512, 512, "M", 512, 512],
    },
    ...ssd300,
    ...caffe,
  },
  "ssd300-resnet34": {
    name: "ssd300-resnet34",
    backbone: { kind: "resnet", depth: 34 },
    ...ssd300,
    ...imagenet,
  },
  "ssd300-resnet50": {
    name: "ssd300-resnet50",
    backbone: { kind: "resnet", depth: 50 },
    ...ssd300,
    ...imagenet,
  },
  "ssd300-mobilenetv2": {
    name: "ssd300-mobilenetv2",
    backbone: { kind: "mobilenetv2", sources: "grid8732" },
    ...ssd300,
    head: "separable",
    ...imagenet,
  },
  "ssd300-mobilenetv3-large": {
    name: "ssd300-mobilenetv3-large",
    backbone: { kind: "mobilenetv3", reducedTail: false, sources: "grid8732" },
    ...ssd300,
    head: "separable",
    // Those of torchvision's ImageNet weights.
    batchNorm: { eps: 1e-3, momentum: 0.01 },
    ...imagenet,
  },
  "ssd300-vgg16-torchvision": {
    name: "ssd300-vgg16-torchvision",
    backbone: vgg16,
    ...ssd300,
    sizes: [21, 45, 99, 153, 207, 261, 315],
    ...torchvision,
    // 255 times 0.48235, 0.45882, 0.40784.
    mean: [122.99925, 116.9991, 103.9992],
    std: [1, 1, 1],
  },
  "ssdlite320-mobilenetv3-large": {
    name: "ssdlite320-mobilenetv3-large",
    backbone: { kind: "mobilenetv3", reducedTail: true, sources: "ssdlite320" },
    ...field,
    ...evenGrid(320, [20, 10, 5, 3, 2, 1]),
    sizes: [64, 112, 160, 208, 256, 304, 320],
    head: "separable",
    batchNorm: { eps: 1e-3, momentum: 0.03 },
    ...torchvision,
    mean: [127.5, 127.5, 127.5],
    std: [127.5, 127.5, 127.5],
  },
  "ssd300-mobilenetv2-bubbliiiing": {
    name: "ssd300-mobilenetv2-bubbliiiing",
    backbone: { kind: "mobilenetv2", sources: "grid3000" },
    ...ssd300,
    ...evenGrid(300, [19, 10, 5, 3, 2, 1]),
    clip: "corners",
    // Caffe's BGR means, taken from RGB: the weights were trained so.
    mean: [104, 117, 123],
    std: [1, 1, 1],
  },
  "ssd128-small": {
    name: "ssd128-small",
    backbone: { kind: "stages", channels: [16, 32, 64, 128, 128, 128], depth: 1 },
    ...ssd128,
    ...imagenet,
  },
  "ssd128-tiny": {
    name: "ssd128-tiny",
    backbone: { kind: "stages", channels: [16, 24, 32, 48, 48, 48], depth: 0 },
    ...ssd128,
    ...imagenet,
  },
} satisfies Record<string, Preset>;
