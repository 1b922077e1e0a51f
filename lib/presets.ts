import { z } from "zod";
import { SsdError, suggestion } from "./errors.js";
import type { PriorGrid } from "./native.js";
import { parseOptions } from "./options.js";

const positive = z.number().positive();
const rgb = z.tuple([z.number(), z.number(), z.number()]);

/** The schema of a preset; a preset travels with its weights, so files are held to it too. */
export const presetSchema = z.strictObject({
  name: z.string().min(1).describe("name of the architecture"),
  backbone: z.discriminatedUnion("kind", [
    z.strictObject({
      kind: z.literal("vgg"),
      layers: z.array(z.union([z.int().positive(), z.enum(["M", "C"])])),
    }),
    z.strictObject({ kind: z.literal("mobilenetv2") }),
    z.strictObject({
      kind: z.literal("stages"),
      channels: z.array(z.int().positive()).min(3),
      depth: z.int().min(0),
    }),
  ]),
  head: z.enum(["conv", "separable"]).describe("predictors: 3x3 convolutions or SSDLite's"),
  size: z.int().positive().describe("side of the square input in pixels"),
  maps: z.array(z.int().positive()).min(1).describe("sides of the prediction maps"),
  steps: z.array(positive).describe("distance of the cells in input pixels"),
  sizes: z.array(positive).describe("prior sizes in input pixels, one more than maps"),
  ratios: z.array(z.array(positive)).describe("aspect ratios beside 1, for each map"),
  clip: z.boolean().default(true).describe("clip priors to 0..1 in centre form"),
  stepConvention: z
    .enum(["fixed", "imageOverMap"])
    .default("fixed")
    .describe("cell distance: `steps`, or size / map; belongs to the weights"),
  variances: z.tuple([positive, positive]).default([0.1, 0.2]),
  mean: rgb.describe("subtracted from RGB of 0..255"),
  std: rgb.describe("RGB is divided by it afterwards"),
});

/** A detector's architecture as a plain object: backbone, input, maps, priors, normalisation. */
export type Preset = z.output<typeof presetSchema>;

const grid8732 = {
  size: 300,
  maps: [38, 19, 10, 5, 3, 1],
  steps: [8, 16, 32, 64, 100, 300],
  sizes: [30, 60, 111, 162, 213, 264, 315],
  ratios: [[2], [2, 3], [2, 3], [2, 3], [2], [2]],
};
const grid128 = {
  size: 128,
  maps: [16, 8, 4, 2],
  steps: [8, 16, 32, 64],
  sizes: [14, 30, 54, 82, 115],
  ratios: [[2], [2], [2], [2]],
};
const fixed = {
  clip: true,
  stepConvention: "fixed" as const,
  variances: [0.1, 0.2] as [number, number],
};
const caffe = { mean: [123, 117, 104] as Rgb, std: [1, 1, 1] as Rgb };
const imagenet = { mean: [123.675, 116.28, 103.53] as Rgb, std: [58.395, 57.12, 57.375] as Rgb };
type Rgb = [number, number, number];

/**
 * The architectures by name. `ssd300-*` share the grid of 8732 priors (SSD, arXiv 1512.02325), so
 * any of them can teach any other; `ssd128-*` are small enough to train on a CPU in minutes.
 */
export const presets = {
  "ssd300-vgg16": {
    name: "ssd300-vgg16",
    backbone: {
      kind: "vgg",
      layers: [64, 64, "M", 128, 128, "M", 256, 256, 256, "C", 512, 512, 512, "M", 512, 512, 512],
    },
    head: "conv",
    ...grid8732,
    ...fixed,
    ...caffe,
  },
  "ssd300-vgg13": {
    name: "ssd300-vgg13",
    backbone: {
      kind: "vgg",
      layers: [64, 64, "M", 128, 128, "M", 256, 256, "C", 512, 512, "M", 512, 512],
    },
    head: "conv",
    ...grid8732,
    ...fixed,
    ...caffe,
  },
  "ssd300-mobilenetv2": {
    name: "ssd300-mobilenetv2",
    backbone: { kind: "mobilenetv2" },
    head: "separable",
    ...grid8732,
    ...fixed,
    ...imagenet,
  },
  "ssd128-small": {
    name: "ssd128-small",
    backbone: { kind: "stages", channels: [16, 32, 64, 128, 128, 128], depth: 1 },
    head: "conv",
    ...grid128,
    ...fixed,
    ...imagenet,
  },
  "ssd128-tiny": {
    name: "ssd128-tiny",
    backbone: { kind: "stages", channels: [16, 24, 32, 48, 48, 48], depth: 0 },
    head: "conv",
    ...grid128,
    ...fixed,
    ...imagenet,
  },
} satisfies Record<string, Preset>;

/** Names of the architectures that come with the package. */
export type PresetName = keyof typeof presets;

/**
 * The preset behind a name, or a preset object held to the schema.
 *
 * @throws SsdError BAD_OPTION naming the nearest known name.
 */
export function resolvePreset(preset: PresetName | (string & {}) | Preset): Preset {
  if (typeof preset !== "string") return parseOptions(presetSchema, preset, "preset");
  if (Object.hasOwn(presets, preset)) return presets[preset as PresetName];
  const known = Object.keys(presets);
  throw new SsdError(
    "BAD_OPTION",
    `model: expected one of ${known.join(", ")}, got "${preset}"${suggestion(preset, known, false)}`,
  );
}

/** The numbers of a preset's priors, in the engine's form. */
export function priorGrid(preset: Preset): PriorGrid {
  const { size, maps, sizes, ratios, clip, stepConvention } = preset;
  const steps = stepConvention === "fixed" ? preset.steps : maps.map((map) => size / map);
  return { size, maps, steps, sizes, ratios, clip };
}
