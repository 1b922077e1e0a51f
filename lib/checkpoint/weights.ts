import { readdir, stat } from "node:fs/promises";
import { extname, join } from "node:path";
import { SsdError } from "../errors.js";
import type { DType } from "../native.js";
import { readSafetensors, type StoredTensors } from "./safetensors.js";

/** A tensor in a weight file of any format; its bytes are read when they are asked for. */
export interface WeightEntry {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  /**
   * Row-major little-endian elements, whatever the strides in the file.
   *
   * @throws SsdError BAD_CHECKPOINT when the bytes are damaged or cut short.
   */
  read(): Promise<Uint8Array>;
}

/** A weight file that is open for reading. */
export interface WeightFile {
  readonly file: string;
  readonly format: "safetensors" | "npz" | "pth";
  /** What the file says about itself; only safetensors says anything. */
  readonly metadata: Readonly<Record<string, string>>;
  /** By name, in the order of the file. */
  readonly tensors: ReadonlyMap<string, WeightEntry>;
  close(): Promise<void>;
}

/**
 * Opens a weight file.
 *
 * @throws SsdError BAD_CHECKPOINT when it cannot be read or is none.
 */
export async function openWeights(file: string): Promise<WeightFile> {
  const { metadata, tensors } = await readSafetensors(file);
  return {
    file,
    format: "safetensors",
    metadata,
    tensors: storedEntries(tensors),
    async close() {},
  };
}

/** Tensors in memory as entries. */
export function storedEntries(tensors: StoredTensors["tensors"]): Map<string, WeightEntry> {
  return new Map(
    [...tensors].map(([name, { data, ...rest }]) => [name, { ...rest, read: async () => data }]),
  );
}

const extensions = [".safetensors", ".pth", ".pt", ".npz"];

/**
 * The path itself, or the one weight file of a folder.
 *
 * @throws SsdError BAD_CHECKPOINT when the folder holds none or several.
 */
export async function onlyWeights(path: string): Promise<string> {
  const isFolder = await stat(path)
    .then((s) => s.isDirectory())
    .catch(() => false);
  if (!isFolder) return path;
  const files = (await readdir(path)).filter((name) => extensions.includes(extname(name)));
  if (files.length === 1) return join(path, files[0]!);
  throw new SsdError(
    "BAD_CHECKPOINT",
    `${path}: expected one weight file (${extensions.join(", ")}) in the folder, got ${files.length}`,
  );
}
