import { z } from "zod";
import type { ReadOptions } from "../data/dataset.js";
import { augmentOptions } from "../train/options.js";

/** Options of `drawSamples` beside those of reading. */
export const sampleOptions = z.strictObject({
  count: z.int().positive().max(400).default(16).describe("pictures, or all where there are fewer"),
  seed: z.int().min(0).default(0).describe("another seed picks others"),
  model: z
    .string()
    .optional()
    .describe("shows pictures as this architecture gets them: stretched to its square input"),
  augment: augmentOptions.optional().meta({
    flag: "augment",
    description: "shows them as training sees them (of ssd300-mobilenetv2 without --model)",
  }),
});
export type SampleOptions = z.input<typeof sampleOptions> &
  Pick<ReadOptions, "classes" | "picture">;
