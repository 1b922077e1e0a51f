import { z } from "zod";
import { cacheShape } from "../data/cache-options.js";
import type { DataSource } from "../data/dataset.js";
import { pictureOptions } from "../data/picture-options.js";
import type { Detector } from "../detector.js";
import { detectOptions, kdOptions, matchOptions } from "../options.js";

// The options of training: defaults, bounds and help texts stand here and nowhere else. The command
// line's flags are made from this schema; `flag` in the metadata is the flag's name where it is not
// the option's own.

const positive = z.number().positive();
const fraction = z.number().min(0).max(1);

export const optimizerOptions = z.strictObject({
  name: z
    .enum(["sgd", "adam", "adamw"])
    .default("adamw")
    .meta({ flag: "optimizer", description: "update rule" }),
  lr: positive.default(1e-3).meta({ flag: "lr", description: "peak learning rate" }),
  momentum: fraction.default(0.9).meta({ flag: "momentum", description: "of SGD" }),
  nesterov: z.boolean().default(false).meta({ flag: "nesterov", description: "Nesterov's SGD" }),
  betas: z.tuple([fraction, fraction]).default([0.9, 0.999]).describe("of Adam"),
  eps: positive.default(1e-8).describe("of Adam"),
  weightDecay: z
    .number()
    .min(0)
    .default(5e-4)
    .meta({ flag: "weight-decay", description: "not on biases and norms" }),
});

export const scheduleOptions = z.strictObject({
  name: z
    .enum(["cosine", "step", "constant"])
    .default("cosine")
    .meta({ flag: "schedule", description: "learning rate over the epochs of a phase" }),
  warmup: z
    .number()
    .min(0)
    .default(1)
    .meta({ flag: "warmup", description: "epochs of linear warm-up" }),
  finalLr: fraction
    .default(0.01)
    .meta({ flag: "final-lr", description: "cosine: last rate as a share of lr" }),
  stepSize: z.int().positive().default(1).meta({ flag: "step-size", description: "step: epochs" }),
  gamma: positive.default(0.92).meta({ flag: "gamma", description: "step: factor" }),
});

export const augmentOptions = z.strictObject({
  photometric: z
    .boolean()
    .default(true)
    .describe("brightness, contrast, saturation, hue, channels"),
  expand: z.boolean().default(true).describe("zoom out onto a canvas of the mean colour"),
  crop: z.boolean().default(true).describe("patches of a minimum IoU with a truth"),
  mirror: z.boolean().default(true).describe("flip left and right"),
  overlap: z.enum(["reached", "ignored"]).default("reached").meta({
    flag: "crop-overlap",
    description: "a patch's minimum IoU is to be reached by a truth (Caffe) or not (ssd.pytorch)",
  }),
  mosaic: fraction.default(0).describe("share of training pictures made of four"),
  mixup: fraction.default(0).describe("share of training pictures that another shines through"),
});

const freezeOptions = z.strictObject({
  epochs: z
    .int()
    .min(0)
    .default(0)
    .meta({ flag: "freeze-epochs", description: "first epochs with the backbone frozen" }),
  lr: positive.optional().meta({ flag: "freeze-lr", description: "their learning rate (else lr)" }),
});

export const emaOptions = z.strictObject({
  decay: z.number().min(0).lt(1).default(0.9998).meta({
    flag: "ema-decay",
    description: "share of the average so far that a step keeps",
  }),
  warmup: z.number().min(0).default(2000).meta({
    flag: "ema-warmup",
    description: "steps in which the share grows: decay * (1 - exp(-step / warmup))",
  }),
});

export const graphOptions = z.strictObject({
  maxBoxes: z.int().positive().default(64).meta({
    flag: "max-boxes",
    description: "objects a picture may have in the graph; a batch with more is computed without",
  }),
});

// By shape, not by class: the command line reads this schema without loading what detectors need.
const teacher = z.custom<Detector>(
  (value) => typeof value === "object" && value !== null && "preset" in value && "native" in value,
  "expected a Detector",
);
const source = z.custom<DataSource>(
  (value) => typeof (value as DataSource | undefined)?.read === "function",
  "expected a data source such as voc(dir)",
);

/** What a step needs; {@link Trainer} takes it, and `train` as part of its own options. */
export const stepShape = {
  optimizer: optimizerOptions.prefault({}),
  precision: z
    .enum(["fp32", "bf16", "fp16"])
    .default("fp32")
    .describe("of the convolutions; weights stay fp32, fp16 scales the loss"),
  loss: matchOptions.prefault({}),
  distill: kdOptions.extend({ teacher }).optional(),
  clip: positive
    .optional()
    .describe("largest norm of all gradients together; larger ones are scaled down to it"),
  graph: graphOptions.optional().meta({
    flag: "graph",
    description: "CUDA: record a step once and replay it as one graph",
  }),
  ema: emaOptions.optional().meta({
    flag: "ema",
    description: "average the weights over the steps; the average is validated and kept",
  }),
};

export const trainOptions = z.strictObject({
  data: source,
  val: source.optional().describe("validation data; by default a part of the training data"),
  valFraction: fraction.default(0.1).describe("part of the pictures kept for validation"),
  limit: z.int().positive().optional().describe("take only the first pictures of the data"),
  fraction: fraction
    .refine((share) => share > 0, "expected a share over 0")
    .default(1)
    .describe("share of the training pictures that is used, chosen by the seed"),
  sampling: z
    .enum(["shuffle", "balanced"])
    .default("shuffle")
    .describe("each picture once an epoch, or those of rare classes more often"),
  epochs: z.int().positive().default(60).describe("all epochs, those of the freeze phase included"),
  batch: z
    .union([z.int().positive(), z.literal("auto")], 'expected a number of pictures or "auto"')
    .default(16)
    .describe("pictures computed at once; auto: as many as fit (CPU: 16, or fewer)"),
  accumulate: z
    .int()
    .positive()
    .default(1)
    .describe("batches a step: their gradients are averaged, then the weights move once"),
  ...stepShape,
  schedule: scheduleOptions.prefault({}),
  freeze: freezeOptions.prefault({}),
  augment: augmentOptions.prefault({}),
  picture: pictureOptions.prefault({}),
  ...cacheShape,
  detect: detectOptions.prefault({}),
  evalEvery: z.int().positive().default(1).describe("epochs between validations"),
  keep: z.int().min(0).default(1).describe("newest epoch checkpoints kept beside best and last"),
  seed: z.int().min(0).default(0).describe("of the order and the augmentation"),
  workers: z.int().positive().default(1).describe("native threads that make batches"),
  threads: z.int().positive().optional().describe("threads of the engine (all cores)"),
  deterministic: z
    .boolean()
    .default(false)
    .describe("CUDA: only kernels that give the same bits every time (the CPU's always do)"),
  out: z.string().optional().describe("run folder: options, metrics, checkpoints, weights, report"),
  resume: z.boolean().default(false).describe("go on from the run folder's last checkpoint"),
  signal: z.instanceof(AbortSignal).optional(),
  onEvent: z.custom<(event: never) => void>((value) => typeof value === "function").optional(),
});

export type ResolvedTrainOptions = z.output<typeof trainOptions>;
