import { z } from "zod";

const positive = z.number().positive();
const rgb = z.tuple([z.number(), z.number(), z.number()]);

/** The backbones by kind; what each builds is in lib/models, one file a kind. */
const backbone = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("vgg"),
    layers: z
      .array(z.union([z.int().positive(), z.enum(["M", "C"])]))
      .describe("channels of the convolutions; M and C (ceil mode) are 2x2 pools"),
  }),
  z.strictObject({
    kind: z.literal("mobilenetv2"),
    sources: z.enum(["grid8732", "grid3000"]).default("grid8732"),
  }),
  z.strictObject({
    kind: z.literal("mobilenetv3"),
    reducedTail: z.boolean().default(false).describe("half the channels from stride 32 on"),
    sources: z.enum(["grid8732", "ssdlite320"]).default("grid8732"),
  }),
  z.strictObject({ kind: z.literal("resnet"), depth: z.literal([34, 50]) }),
  z.strictObject({
    kind: z.literal("stages"),
    channels: z.array(z.int().positive()).min(3).describe("of each stage; k has stride 2^(k+1)"),
    depth: z.int().min(0).describe("convolutions of a stage after the one that halves"),
  }),
]);

/** The schema of a preset; a preset travels with its weights, so files are held to it too. */
export const presetSchema = z.strictObject({
  name: z.string().min(1).describe("name of the architecture"),
  backbone,
  head: z.enum(["conv", "separable"]).describe("predictors: 3x3 convolutions or SSDLite's"),
  batchNorm: z
    .strictObject({ eps: positive.default(1e-5), momentum: z.number().min(0).max(1).default(0.1) })
    .prefault({})
    .describe("of every BatchNorm; belongs to the weights"),
  size: z.int().positive().describe("side of the square input in pixels"),
  maps: z.array(z.int().positive()).min(1).describe("sides of the prediction maps"),
  steps: z.array(positive).describe("distance of the cells in input pixels"),
  sizes: z.array(positive).describe("prior sizes in input pixels, one more than maps"),
  ratios: z.array(z.array(positive)).describe("aspect ratios beside 1, for each map"),
  clip: z
    .union([z.boolean(), z.enum(["sizes", "corners"])])
    .default(true)
    .describe("what of the priors is held to 0..1: centre form, its width and height, corners"),
  stepConvention: z
    .enum(["fixed", "imageOverMap"])
    .default("fixed")
    .describe("cell distance: `steps`, or size / map; belongs to the weights"),
  variances: z.tuple([positive, positive]).default([0.1, 0.2]),
  coderClip: z
    .number()
    .nullable()
    .default(null)
    .describe("upper bound of ln(side / prior's side) in decoding, null for none"),
  mean: rgb.describe("subtracted from RGB of 0..255"),
  std: rgb.describe("RGB is divided by it afterwards"),
});

/** A detector's architecture as a plain object: backbone, input, maps, priors, normalisation. */
export type Preset = z.output<typeof presetSchema>;

/** The backbone of a kind. */
export type Backbone<Kind extends Preset["backbone"]["kind"]> = Extract<
  Preset["backbone"],
  { kind: Kind }
>;
