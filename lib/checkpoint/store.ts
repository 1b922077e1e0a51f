import { z } from "zod";
import { reason, SsdError } from "../errors.js";
import type { NativeModel, NativeTensor } from "../native.js";
import { parseOptions } from "../options.js";
import { type Preset, presetSchema } from "../presets.js";
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
  /** Where training stands, in files that a run can go on from. */
  training: z.unknown().optional(),
});

/** What a weight file of ours describes. */
export interface Description {
  preset: Preset;
  classes: string[];
  training?: unknown;
}

/** What became of the tensors of a file that was loaded into a model. */
export interface LoadReport {
  loaded: string[];
  /** Of the model, not in the file: they keep their start values. */
  missing: string[];
  /** In the file, not of the model. */
  unexpected: string[];
  /** In both with different shapes: not loaded. */
  mismatched: { name: string; expected: number[]; got: number[] }[];
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
  const tensors = [...storedTensors(model), ...extra];
  await writeSafetensors(file, tensors, metadataOf(about));
}

/**
 * Reads a weight file that describes itself: its weights alone, which are the averaged ones where a
 * run's checkpoint holds them beside its own.
 *
 * @throws SsdError BAD_CHECKPOINT when it cannot be read or holds no description.
 */
export async function readModel(file: string): Promise<Description & StoredTensors> {
  const read = await readCheckpoint(file);
  const weights = [...read.tensors].filter(([name]) => !/^(optimizer|ema)\./.test(name));
  const tensors = new Map(
    weights.map(([name, own]) => [name, { ...(read.tensors.get(`ema.${name}`) ?? own), name }]),
  );
  return { ...read, tensors };
}

/** As {@link readModel}, with everything that a run goes on from, each under its own name. */
export async function readCheckpoint(file: string): Promise<Description & StoredTensors> {
  const read = await readSafetensors(file);
  const text = read.metadata[key];
  if (text === undefined) {
    throw new SsdError(
      "BAD_CHECKPOINT",
      `${file}: expected a detector saved by ssd-distill, got tensors without its description; load them into a detector of your own with init()`,
    );
  }
  try {
    return { ...parseOptions(description, JSON.parse(text), "description"), ...read };
  } catch (error) {
    throw new SsdError("BAD_CHECKPOINT", `${file}: expected a valid description: ${reason(error)}`);
  }
}

/** Writes a checkpoint's weights as a file of their own: no optimizer, no position of a run. */
export async function extractWeights(from: string, to: string): Promise<void> {
  const { preset, classes, tensors } = await readModel(from);
  await writeSafetensors(to, [...tensors.values()], metadataOf({ preset, classes }));
}

function metadataOf({ preset, classes, training }: Description): Record<string, string> {
  return { [key]: JSON.stringify({ format: 1, preset, classes, training }), format: "pt" };
}

/** Copies what fits of `tensors` into the model: same name and same shape. */
export function loadTensors(model: NativeModel, tensors: StoredTensors["tensors"]): LoadReport {
  const report: LoadReport = { loaded: [], missing: [], unexpected: [], mismatched: [] };
  const names = new Set(model.names());
  for (const name of names) {
    const source = tensors.get(name);
    const target = model.tensor(name);
    const { shape: expected, dtype } = target;
    target.dispose();
    if (source === undefined) {
      report.missing.push(name);
    } else if (source.shape.join() !== expected.join() || source.dtype !== dtype) {
      report.mismatched.push({ name, expected, got: source.shape });
    } else {
      model.assign(name, source.data);
      report.loaded.push(name);
    }
  }
  report.unexpected = [...tensors.keys()].filter((name) => !names.has(name));
  return report;
}

/**
 * As {@link loadTensors}, when all of them must fit.
 *
 * @throws SsdError BAD_CHECKPOINT naming the first tensor that does not.
 */
export function loadAll(model: NativeModel, tensors: StoredTensors["tensors"], file: string): void {
  const { missing, mismatched } = loadTensors(model, tensors);
  if (missing.length > 0) {
    throw new SsdError(
      "BAD_CHECKPOINT",
      `${file}: expected tensor ${missing[0]}, got a file without it (${missing.length} missing)`,
    );
  }
  const wrong = mismatched[0];
  if (wrong === undefined) return;
  throw new SsdError(
    "BAD_CHECKPOINT",
    `${file}: expected ${wrong.name} of shape [${wrong.expected}], got [${wrong.got}]`,
  );
}
