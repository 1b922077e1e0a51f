import { z } from "zod";
import { reason, SsdError } from "../errors.js";
import type { NativeModel, NativeTensor } from "../native-engine.js";
import { parseOptions } from "../options.js";
import { type Preset, presetSchema } from "../presets.js";
import { isWeight, weightsPrefix } from "./average.js";
import { layoutOf } from "./layouts/choose.js";
import { type LayoutFamily, layoutFamilies, nameIn } from "./layouts/layout.js";
import {
  readSafetensors,
  type StoredTensor,
  type StoredTensors,
  writeSafetensors,
} from "./safetensors.js";

// What our own weight files say about themselves, in the metadata of a safetensors file.

/** Metadata key of the description. */
const key = "ssd-distill";

const description = z.strictObject({
  format: z.literal(1),
  preset: presetSchema,
  classes: z.array(z.string()).min(1),
  /** How the tensors are named where not as our own. */
  layout: z.enum(layoutFamilies).optional(),
  /** Where training stands, in files that a run can go on from. */
  training: z.unknown().optional(),
});

/** What a weight file of ours describes. */
export interface Description {
  preset: Preset;
  classes: string[];
  layout?: LayoutFamily;
  training?: unknown;
}

/** The state dict of a model as bytes, in order. */
export function storedTensors(model: NativeModel): StoredTensor[] {
  return model.names().map((name) => stored(name, model.tensor(name)));
}

/** One tensor as bytes. */
export function stored(name: string, tensor: NativeTensor): StoredTensor {
  const { dtype, shape } = tensor;
  const data = new Uint8Array(tensor.bytes());
  tensor.dispose();
  return { name, dtype, shape, data };
}

/** Writes a model, with `extra` tensors and the training state where a run is to go on. */
export async function saveModel(
  file: string,
  model: NativeModel,
  about: Description,
  extra: readonly StoredTensor[] = [],
): Promise<void> {
  const layout = layoutOf(about.layout ?? "native", about.preset);
  const tensors = storedTensors(model).map((t) => ({ ...t, name: nameIn(layout, t.name)! }));
  await writeSafetensors(file, [...tensors, ...extra], metadataOf(about));
}

/**
 * Reads a weight file that describes itself: its weights alone, which are the averaged ones where a
 * run's checkpoint holds them beside its own.
 *
 * @throws SsdError BAD_CHECKPOINT when it cannot be read or holds no description.
 */
export async function readModel(file: string): Promise<Description & StoredTensors> {
  const read = await readCheckpoint(file);
  const prefix = weightsPrefix(read.tensors.keys());
  const names = [...read.tensors.keys()].filter(isWeight);
  const tensors = new Map(
    names.map((name) => [name, { ...read.tensors.get(prefix + name)!, name }]),
  );
  return { ...read, tensors };
}

/** As {@link readModel}, with everything that a run goes on from, each under its own name. */
export async function readCheckpoint(file: string): Promise<Description & StoredTensors> {
  const read = await readSafetensors(file);
  const about = descriptionOf(read.metadata, file);
  if (about !== undefined) return { ...about, ...read };
  throw new SsdError(
    "BAD_CHECKPOINT",
    `${file}: expected a detector saved by ssd-distill, got tensors without its description`,
  );
}

/**
 * What a file's metadata say about the detector in it; nothing when it is not ours.
 *
 * @throws SsdError BAD_CHECKPOINT when they say something that cannot be.
 */
export function descriptionOf(
  metadata: Readonly<Record<string, string>>,
  file: string,
): Description | undefined {
  const text = metadata[key];
  if (text === undefined) return undefined;
  try {
    return parseOptions(description, JSON.parse(text), "description");
  } catch (error) {
    throw new SsdError("BAD_CHECKPOINT", `${file}: expected a valid description: ${reason(error)}`);
  }
}

/** Writes a checkpoint's weights as a file of their own: no optimizer, no position of a run. */
export async function extractWeights(from: string, to: string): Promise<void> {
  const { preset, classes, tensors } = await readModel(from);
  await writeSafetensors(to, [...tensors.values()], metadataOf({ preset, classes }));
}

/** A description as metadata of a safetensors file; `format: pt` is what PyTorch's readers look for. */
function metadataOf(about: Description): Record<string, string> {
  return { [key]: JSON.stringify({ format: 1, ...about }), format: "pt" };
}
