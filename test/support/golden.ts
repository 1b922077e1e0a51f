import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

// Reads what scripts/golden writes, and measures how far something is from it.

const arrays = { F32: Float32Array, F64: Float64Array, I32: Int32Array } as const;

export interface GoldenTensor {
  shape: number[];
  data: Float32Array | Float64Array | Int32Array;
}

export interface GoldenCase {
  name: string;
  options: Record<string, unknown>;
}

export interface Manifest {
  command: string;
  torch: string;
  seed: number;
  cases: Record<string, GoldenCase[]>;
}

/** A folder of golden files. */
export class Golden {
  readonly manifest: Manifest;
  readonly #folder: string;
  readonly #files = new Map<string, Map<string, GoldenTensor>>();

  constructor(folder: string) {
    this.#folder = folder;
    this.manifest = JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8"));
  }

  /** Cases of a domain; a domain without any is an error, not a test that passes. */
  cases(domain: string): GoldenCase[] {
    const cases = this.manifest.cases[domain] ?? [];
    if (cases.length === 0) throw new Error(`${this.#folder}: expected cases of ${domain}`);
    return cases;
  }

  /** Tensor `name` of a case, from FILE.safetensors. */
  tensor(file: string, { name }: GoldenCase, key: string): GoldenTensor {
    let tensors = this.#files.get(file);
    if (tensors === undefined) {
      tensors = readSafetensors(join(this.#folder, `${file}.safetensors`));
      this.#files.set(file, tensors);
    }
    const tensor = tensors.get(`${name}/${key}`);
    if (tensor === undefined) throw new Error(`${file}: expected a tensor ${name}/${key}`);
    return tensor;
  }
}

/** The golden files of this repository. */
export const golden = new Golden(fileURLToPath(new URL("../golden/", import.meta.url)));

/** Name -> tensor of a safetensors file: header length, header as JSON, raw little-endian bytes. */
export function readSafetensors(path: string): Map<string, GoldenTensor> {
  const { buffer, byteOffset, byteLength } = readFileSync(path);
  const file = buffer.slice(byteOffset, byteOffset + byteLength);
  const start = 8 + Number(new DataView(file).getBigUint64(0, true));
  const header: Record<
    string,
    { dtype: keyof typeof arrays; shape: number[]; data_offsets: [number, number] }
  > = JSON.parse(new TextDecoder().decode(file.slice(8, start)));
  const tensors = new Map<string, GoldenTensor>();
  for (const [name, { dtype, shape, data_offsets }] of Object.entries(header)) {
    const bytes = file.slice(start + data_offsets[0], start + data_offsets[1]);
    tensors.set(name, { shape, data: new arrays[dtype](bytes) });
  }
  return tensors;
}

type Numbers = ArrayLike<number>;

/**
 * Largest absolute difference over the largest absolute expected value: `max|a-b| / max|b|`.
 *
 * Where all expected values are zero, anything but zero is far off. NaN anywhere gives NaN, which is
 * under no limit.
 */
export function relativeError(actual: Numbers, expected: Numbers): number {
  return elementError(actual, expected, 1);
}

/**
 * Largest relative error of an element: `max_i |a_i-b_i| / max(|b_i|, floor * max|b|)`.
 *
 * `floor` is the fraction of the largest value under which an element counts as that large, since a
 * small difference of large numbers keeps no relative precision.
 */
export function elementError(actual: Numbers, expected: Numbers, floor: number): number {
  if (actual.length !== expected.length) {
    throw new Error(`expected ${expected.length} elements, got ${actual.length}`);
  }
  let largest = 1e-300; // not zero, even times the floor
  for (let i = 0; i < expected.length; i++) largest = Math.max(largest, Math.abs(expected[i]!));
  let worst = 0;
  for (let i = 0; i < expected.length; i++) {
    const scale = Math.max(Math.abs(expected[i]!), floor * largest);
    worst = Math.max(worst, Math.abs(actual[i]! - expected[i]!) / scale);
  }
  return worst;
}
