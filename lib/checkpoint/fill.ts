import { createHash } from "node:crypto";
import { SsdError } from "../errors.js";
import type { DType, NativeModel } from "../native-engine.js";
import type { StoredTensors } from "./safetensors.js";
import type { WeightEntry } from "./weights.js";

/** What became of the tensors of a model that was filled from a file. Names are the model's own. */
export interface Filled {
  loaded: string[];
  /** Not in the file: they keep their start values. */
  missing: string[];
  /** In the file with another shape or type: not loaded. */
  mismatched: { name: string; expected: number[]; got: number[] }[];
  /** SHA-256 of the loaded bytes. */
  sha256: string;
}

type Plan = Omit<Filled, "sha256">;

/** Tensors of a file by the model's names. */
export type Entries = ReadonlyMap<string, WeightEntry>;

/** Tensors in memory as entries. */
export function storedEntries(tensors: StoredTensors["tensors"]): Map<string, WeightEntry> {
  return new Map(
    [...tensors].map(([name, { data, ...rest }]) => [name, { ...rest, read: async () => data }]),
  );
}

/**
 * Copies what fits into a model: same shape, and a type that converts (any float to float, any
 * integer to integer).
 */
export async function fill(model: NativeModel, entries: Entries): Promise<Filled> {
  return copy(model, entries, plan(model, entries));
}

/**
 * As {@link fill}, when every tensor of the model must be there; else nothing is changed.
 *
 * @throws SsdError BAD_CHECKPOINT naming the first tensor that does not fit.
 */
export async function fillAll(model: NativeModel, entries: Entries, file: string): Promise<Filled> {
  const planned = plan(model, entries);
  const { missing, mismatched } = planned;
  if (missing.length > 0) {
    throw new SsdError(
      "BAD_CHECKPOINT",
      `${file}: expected tensor ${missing[0]}, got a file without it (${missing.length} missing)`,
    );
  }
  const wrong = mismatched[0];
  if (wrong === undefined) return copy(model, entries, planned);
  throw new SsdError(
    "BAD_CHECKPOINT",
    `${file}: expected ${wrong.name} of shape [${wrong.expected}], got [${wrong.got}]`,
  );
}

/** What would become of the tensors. */
export function plan(model: NativeModel, entries: Entries): Plan {
  const out: Plan = { loaded: [], missing: [], mismatched: [] };
  for (const name of model.names()) {
    const entry = entries.get(name);
    const target = model.tensor(name);
    const { shape: expected, dtype } = target;
    target.dispose();
    if (entry === undefined) out.missing.push(name);
    else if (entry.shape.join() === expected.join() && converts(entry.dtype, dtype)) {
      out.loaded.push(name);
    } else out.mismatched.push({ name, expected, got: [...entry.shape] });
  }
  return out;
}

async function copy(model: NativeModel, entries: Entries, planned: Plan): Promise<Filled> {
  const hash = createHash("sha256");
  for (const name of planned.loaded) {
    const { dtype, read } = entries.get(name)!;
    const bytes = await read();
    hash.update(bytes);
    model.assign(name, bytes, dtype);
  }
  return { ...planned, sha256: hash.digest("hex") };
}

function converts(from: DType, to: DType): boolean {
  return isFloat(from) === isFloat(to);
}

function isFloat(dtype: DType): boolean {
  return dtype.includes("float");
}
