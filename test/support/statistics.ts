import { expect } from "vitest";

// What scripts/golden/augment_statistics.py counts, counted here, and how far apart chance may put the two.

/** Of many numbers: how many, and the first moments; `kurtosis` is in units of the deviation. */
export interface Spread {
  n: number;
  mean: number;
  deviation: number;
  kurtosis: number;
}

export function spread(values: readonly number[]): Spread {
  const n = values.length;
  const moment = (power: number, middle: number) =>
    values.reduce((sum, value) => sum + (value - middle) ** power, 0) / n;
  const mean = moment(1, 0);
  const variance = moment(2, mean);
  const kurtosis = variance > 0 ? moment(4, mean) / variance ** 2 : 1;
  return { n, mean, deviation: Math.sqrt(variance), kurtosis };
}

/** How often each of 0 to `length` - 1 occurs. */
export function histogram(values: readonly (number | boolean)[], length: number): number[] {
  const counts = new Array<number>(length).fill(0);
  for (const value of values) counts[Number(value)]!++;
  return counts;
}

/** Standard errors between two means. */
export function meansApart(a: Spread, b: Spread): number {
  return apart(a.mean, b.mean, a.deviation ** 2 / a.n + b.deviation ** 2 / b.n);
}

/** Standard errors between two deviations. */
export function deviationsApart(a: Spread, b: Spread): number {
  const variance = ({ n, deviation, kurtosis }: Spread) =>
    (deviation ** 2 * (kurtosis - 1)) / (4 * n);
  return apart(a.deviation, b.deviation, variance(a) + variance(b));
}

/** Standard errors between two histograms' shares: those of the bin where they are furthest apart. */
export function sharesApart(a: readonly number[], b: readonly number[]): number {
  const total = (counts: readonly number[]) => counts.reduce((sum, count) => sum + count, 0);
  const [n, m] = [total(a), total(b)];
  expect(b, "bins").toHaveLength(a.length);
  if (n === 0 || m === 0) return n === m ? 0 : Number.POSITIVE_INFINITY;
  const each = a.map((count, i) => {
    const share = (count + b[i]!) / (n + m);
    return apart(count / n, b[i]! / m, share * (1 - share) * (1 / n + 1 / m));
  });
  return Math.max(...each);
}

function apart(a: number, b: number, variance: number): number {
  if (variance > 0) return Math.abs(a - b) / Math.sqrt(variance);
  return a === b ? 0 : Number.POSITIVE_INFINITY;
}
