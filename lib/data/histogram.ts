/** How many values lie in a range: from `from` (included) up to `to`, null for no end. */
export interface Bin {
  from: number;
  to: number | null;
  count: number;
}

/**
 * Edges of the bins for a box's size: the square root of its share of the picture's area. Small boxes are
 * what anchors fail on, so the bins grow with the size.
 */
export const sizeEdges: readonly number[] = [
  0, 0.02, 0.03, 0.04, 0.06, 0.08, 0.12, 0.16, 0.24, 0.32, 0.48, 0.64,
];

/** Edges of the bins for width over height; about 1, 2, 3 and 5 lie in the middle of one, as 1/2, 1/3, 1/5. */
export const aspectEdges: readonly number[] = [0, 1 / 6, 1 / 4, 1 / 2.5, 1 / 1.5, 1.5, 2.5, 4, 6];

/** Index of the bin a value lies in; `edges` are the lower ends of the bins, rising. */
export function binOf(value: number, edges: readonly number[]): number {
  const above = edges.findIndex((edge) => edge > value);
  return Math.max(0, (above < 0 ? edges.length : above) - 1);
}

/** Counts values by bins; the last has no end. */
export function histogram(values: Iterable<number>, edges: readonly number[]): Bin[] {
  const bins = edges.map((from, i) => ({ from, to: edges[i + 1] ?? null, count: 0 }));
  for (const value of values) bins[binOf(value, edges)]!.count++;
  return bins;
}
