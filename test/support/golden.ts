import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { below } from "./hashed.js";

// Reads what scripts/golden writes, and measures how far something is from it.

const arrays = { F32: Float32Array, F64: Float64Array, I32: Int32Array } as const;

export interface GoldenTensor {
  shape: number[];
  /** All elements, or those of the sample. */
  data: Float32Array | Float64Array | Int32Array;
  /** Where the elements of a sample are in the whole, and the whole's largest magnitude. */
  sample?: { places: Int32Array; largest: number };
}

export interface GoldenCase {
  name: string;
  options: Record<string, unknown>;
}

export interface Manifest {
  torch: string;
  seed: number;
  /** Whether every tensor is whole. */
  full: boolean;
  presets: Record<string, unknown>;
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

  /** Tensor `key` of a case, from FILE.safetensors or FILE/CASE.safetensors. */
  tensor(file: string, { name }: GoldenCase, key: string): GoldenTensor {
    const tensor = this.#file(file, name).get(`${name}/${key}`);
    if (tensor === undefined) throw new Error(`${file}: expected a tensor ${name}/${key}`);
    return tensor;
  }

  /** Keys of a case that begin with `prefix`, without it. */
  keys(file: string, { name }: GoldenCase, prefix: string, least = 1): string[] {
    const start = `${name}/${prefix}`;
    const keys = [...this.#file(file, name).keys()].filter((key) => key.startsWith(start));
    // A comparison of nothing would pass.
    if (keys.length < least) throw new Error(`${file}: expected tensors ${start}…, got none`);
    return keys.map((key) => key.slice(start.length));
  }

  #file(file: string, name: string): Map<string, GoldenTensor> {
    const own = join(this.#folder, file, `${name}.safetensors`);
    const path = existsSync(own) ? own : join(this.#folder, `${file}.safetensors`);
    let tensors = this.#files.get(path);
    if (tensors === undefined) {
      tensors = readSafetensors(path);
      if (path === own) this.#files.clear(); // the big ones are read one after another
      this.#files.set(path, tensors);
    }
    return tensors;
  }
}

/** The golden files of this repository, or those of the folder SSD_DISTILL_GOLDEN. */
export const golden = new Golden(
  process.env.SSD_DISTILL_GOLDEN ?? fileURLToPath(new URL("../golden/", import.meta.url)),
);

/** Name -> tensor of a safetensors file: header length, header as JSON, raw little-endian bytes. */
export function readSafetensors(path: string): Map<string, GoldenTensor> {
  const { buffer, byteOffset, byteLength } = readFileSync(path);
  const start = 8 + Number(new DataView(buffer, byteOffset).getBigUint64(0, true));
  const text = new TextDecoder().decode(new Uint8Array(buffer, byteOffset + 8, start - 8));
  const header: Record<
    string,
    { dtype: keyof typeof arrays; shape: number[]; data_offsets: [number, number] }
  > = JSON.parse(text);
  const tensors = new Map<string, GoldenTensor>();
  for (const [name, { dtype, shape, data_offsets }] of Object.entries(header)) {
    const [from, to] = data_offsets.map((offset) => byteOffset + start + offset);
    if (to! > byteOffset + byteLength) throw new Error(`${path}: expected ${to} bytes`);
    const [key, whole] = name.split("@") as [string, string | undefined];
    const tensor = { shape, data: new arrays[dtype](buffer.slice(from, to) as ArrayBuffer) };
    tensors.set(key, whole === undefined ? tensor : sampled(key, whole, tensor));
  }
  return tensors;
}

/** `KEY@64x3x3x3` holds the largest magnitude, then elements at hashed places (store.py). */
function sampled(key: string, whole: string, { data }: GoldenTensor): GoldenTensor {
  const shape = whole.split("x").map(Number);
  const count = shape.reduce((product, side) => product * side, 1);
  const places = below(key, data.length - 1, count);
  return { shape, data: data.subarray(1), sample: { places, largest: data[0]! } };
}

type Numbers = ArrayLike<number>;

/** The elements of `actual` that a golden tensor holds; `actual` itself when it holds all. */
export function chosen(actual: Numbers, { sample }: GoldenTensor): Numbers {
  return sample === undefined ? actual : Array.from(sample.places, (place) => actual[place]!);
}

/** Largest magnitude of the whole tensor. */
export function largest({ data, sample }: GoldenTensor): number {
  return sample?.largest ?? magnitude(data);
}

/** Largest absolute difference. NaN anywhere gives NaN, which is under no limit. */
export function absoluteError(actual: Numbers, expected: Numbers): number {
  if (actual.length !== expected.length) {
    throw new Error(`expected ${expected.length} elements, got ${actual.length}`);
  }
  let worst = 0;
  for (let i = 0; i < expected.length; i++) {
    worst = Math.max(worst, Math.abs(actual[i]! - expected[i]!));
  }
  return worst;
}

/**
 * Largest absolute difference over the largest absolute expected value: `max|a-b| / max|b|`.
 *
 * Where all expected values are zero, anything but zero is far off. NaN anywhere gives NaN, which is
 * under no limit.
 */
export function relativeError(actual: Numbers, expected: Numbers): number {
  return absoluteError(actual, expected) / Math.max(magnitude(expected), 1e-300);
}

/**
 * Largest relative error of an element: `max_i |a_i-b_i| / max(|b_i|, floor * max|b|)`.
 *
 * `floor` is the fraction of the largest value under which an element counts as that large, since a
 * small difference of large numbers keeps no relative precision.
 */
export function elementError(actual: Numbers, expected: Numbers, floor: number): number {
  const least = Math.max(magnitude(expected) * floor, 1e-300);
  let worst = 0;
  for (let i = 0; i < expected.length; i++) {
    const scale = Math.max(Math.abs(expected[i]!), least);
    worst = Math.max(worst, Math.abs(actual[i]! - expected[i]!) / scale);
  }
  return worst;
}

function magnitude(values: Numbers): number {
  let most = 0;
  for (let i = 0; i < values.length; i++) most = Math.max(most, Math.abs(values[i]!));
  return most;
}
