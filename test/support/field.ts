import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { WeightFile } from "../../lib/checkpoint/weights.js";
import { buildGraph } from "../../lib/models/build.js";
import { loadEngine } from "../../lib/native.js";
import { type DType, dtypeBytes, type NativeModel } from "../../lib/native-engine.js";
import type { Preset } from "../../lib/presets.js";

// Weight files that exist by name and shape alone.

/** Names and shapes of the state dicts of torchvision's and timm's models, `<library>/<model>`. */
export const fieldNames: Record<string, Record<string, number[]>> = JSON.parse(
  readFileSync(fileURLToPath(new URL("../golden/names.json", import.meta.url)), "utf8"),
);

/** A file of tensors of these shapes, all zero. */
export function fakeWeights(
  shapes: Record<string, readonly number[]>,
  { wrapper = "", metadata = {} }: { wrapper?: string; metadata?: Record<string, string> } = {},
): WeightFile {
  const entries = Object.entries(shapes).map(([key, shape]) => {
    const name = wrapper + key;
    const dtype: DType = key.endsWith("num_batches_tracked") ? "int64" : "float32";
    const bytes = shape.reduce((product, side) => product * side, dtypeBytes[dtype]);
    return [name, { name, dtype, shape, read: async () => new Uint8Array(bytes) }] as const;
  });
  const tensors = new Map(entries);
  return { file: "fake.pth", format: "pth", metadata, tensors, async close() {} };
}

const models = new Map<string, NativeModel>();

/** A model of a preset for tests that only look at it: big ones take seconds to make, so it is shared. */
export function sharedModel(preset: Preset, foreground: number): NativeModel {
  const key = JSON.stringify([preset, foreground]);
  const model =
    models.get(key) ?? new (loadEngine().engine.Model)(buildGraph(preset, foreground), 0);
  models.set(key, model);
  return model;
}
