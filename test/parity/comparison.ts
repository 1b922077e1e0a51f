import { appendFileSync } from "node:fs";
import { expect } from "vitest";
import { Tensor } from "../../lib/index.js";
import { there } from "../support/device.js";
import {
  absoluteError,
  chosen,
  type Golden,
  type GoldenCase,
  type GoldenTensor,
  largest,
} from "../support/golden.js";

/**
 * How far the engine may be from float64, as `max|a-b| / max|b|` of a tensor. Whatever is looser says
 * why where it stands.
 */
export const tolerance = { ops: 1e-6, gradients: 1e-5, models: 1e-5, steps: 1e-4 };

/** One compared tensor: a row of the table that `npm run parity` prints. */
export interface Row {
  domain: string;
  case: string;
  tensor: string;
  shape: number[];
  /** Largest absolute difference; of what must be equal, the number of elements that are not. */
  error: number;
  /** `error` over the largest expected magnitude. */
  relative: number;
  tolerance: number;
  ok: boolean;
  note?: string;
}

/** The comparison of one case: collects every row, and fails at the end when one is not ok. */
export class Comparison {
  readonly golden: Golden;
  readonly domain: string;
  readonly sample: GoldenCase;
  readonly #rows: Row[] = [];
  readonly #held: { dispose(): void }[] = [];

  constructor(golden: Golden, domain: string, sample: GoldenCase) {
    this.golden = golden;
    this.domain = domain;
    this.sample = sample;
  }

  /** Disposes something after the case. */
  keep<T extends { dispose(): void }>(held: T): T {
    this.#held.push(held);
    return held;
  }

  /** A tensor of this case, by default in the file of its domain. */
  expected(key: string, file = this.domain): GoldenTensor {
    return this.golden.tensor(file, this.sample, key);
  }

  /** The same as a tensor of the engine, where the tests compute. */
  input(key: string, file = this.domain): Tensor {
    const { data, shape } = this.expected(key, file);
    return this.keep(there(Tensor.from(data, shape)));
  }

  /** Option of the case. */
  option<T>(name: string): T {
    return this.sample.options[name] as T;
  }

  /**
   * A row for values that may differ by rounding. Those without a shape are taken to have the expected.
   *
   * @param scale What the error is relative to: by default the largest expected magnitude. Where that
   *   is zero, anything but zero is far off.
   */
  near(
    tensor: string,
    actual: Tensor | number | ArrayLike<number>,
    expected: GoldenTensor,
    limit: number,
    { note, scale = largest(expected) }: { note?: string; scale?: number } = {},
  ): void {
    const plain = typeof actual === "number" ? [actual] : actual;
    const whole = plain instanceof Tensor ? numbers(plain) : plain;
    const shape = plain instanceof Tensor ? plain.shape : expected.shape;
    const values = chosen(whole, expected);
    const fits = `${shape}` === `${expected.shape}` && values.length === expected.data.length;
    const error = fits ? absoluteError(values, expected.data) : Number.NaN;
    const relative = error / Math.max(scale, 1e-300);
    const ok = relative <= limit;
    this.#rows.push({ ...this.#row(tensor, shape), error, relative, tolerance: limit, ok, note });
  }

  /** A row for values that must be equal. */
  same(
    tensor: string,
    actual: ArrayLike<number>,
    expected: ArrayLike<number>,
    { note }: { note?: string } = {},
  ): void {
    const length = Math.max(actual.length, expected.length);
    let error = 0;
    for (let i = 0; i < length; i++) if (actual[i] !== expected[i]) error++;
    const row = this.#row(tensor, [actual.length]);
    this.#rows.push({ ...row, error, relative: error, tolerance: 0, ok: error === 0, note });
  }

  /** Frees what was kept, records the rows, and fails when one of them is not ok. */
  finish(): void {
    for (const held of this.#held.reverse()) held.dispose();
    const file = process.env.SSD_DISTILL_PARITY_ROWS;
    const lines = this.#rows.map((row) => `${JSON.stringify(row)}\n`);
    if (file !== undefined) appendFileSync(file, lines.join(""));
    expect(this.#rows.length, `${this.sample.name}: rows`).toBeGreaterThan(0);
    const wrong = this.#rows.filter(({ ok }) => !ok);
    const said = wrong.map(({ tensor, relative, tolerance, note }) => {
      return `${tensor}: ${relative} > ${tolerance}${note === undefined ? "" : ` (${note})`}`;
    });
    expect(said, `${this.domain} ${this.sample.name}`).toEqual([]);
  }

  #row(tensor: string, shape: number[]) {
    return { domain: this.domain, case: this.sample.name, tensor, shape };
  }
}

/** Elements of a tensor; 64-bit integers as numbers. */
export function numbers(tensor: Tensor): ArrayLike<number> {
  const data = tensor.toArray();
  return data instanceof BigInt64Array ? Array.from(data, Number) : data;
}
