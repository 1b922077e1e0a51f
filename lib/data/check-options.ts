import { z } from "zod";
import { presetSchema } from "../presets/schema.js";
import type { DataSource } from "./dataset.js";

const isSource = (value: unknown) => typeof (value as DataSource | undefined)?.read === "function";

/** Options of `checkDataset` beside those of reading. */
export const checkOptions = z.strictObject({
  model: z
    .union([z.string(), presetSchema])
    .default("ssd300-mobilenetv2")
    .describe("architecture whose priors the boxes are held against"),
  splits: z
    .boolean()
    .default(true)
    .describe("do not compare it with the train, val and test of the same data"),
  against: z
    .array(z.custom<DataSource>(isSource, "expected a data source"))
    .default([])
    .describe("further data that must have no picture of this one"),
});
