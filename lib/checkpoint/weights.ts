import type { DType } from "../native.js";
import { readSafetensors } from "./safetensors.js";

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
  const entries = [...tensors.values()].map(({ data, ...rest }): [string, WeightEntry] => [
    rest.name,
    { ...rest, read: async () => data },
  ]);
  return { file, format: "safetensors", metadata, tensors: new Map(entries), async close() {} };
}
