import type { Item } from "./dataset.js";
import { hash, shuffled } from "./order.js";

/** How an epoch goes through the pictures: each once, or those of rare classes more often. */
export type Sampling = "shuffle" | "balanced";

/**
 * The pictures of an epoch, as many as there are items: a function of (sampling, items, seed, epoch).
 *
 * `balanced` draws a picture in proportion to `sqrt(f_max / f(c))` of its rarest class c, where f is the
 * share of the pictures that show a class (repeat factors, Gupta et al., LVIS, arXiv 1908.03195); one
 * without truths counts as of the most frequent class. Systematic: a picture that is due k times an
 * epoch comes floor(k) or ceil(k) times.
 */
export function epochOrder(
  sampling: Sampling,
  items: readonly Item[],
  seed: number,
  epoch: number,
): Uint32Array {
  const order = shuffled(items.length, seed, epoch);
  if (sampling === "shuffle") return order;
  const drawn = systematic(repeatFactors(items), hash(seed, epoch, items.length) / 2 ** 32);
  return order.map((place) => drawn[place]!);
}

/** How much oftener than a picture of the most frequent class each is due. */
export function repeatFactors(items: readonly Item[]): number[] {
  const shown = new Map<number, number>();
  const classes = items.map(({ truths }) => {
    const trained = truths.filter(({ difficult, crowd = false }) => !difficult && !crowd);
    return [...new Set(trained.map(({ label }) => label))];
  });
  for (const label of classes.flat()) shown.set(label, (shown.get(label) ?? 0) + 1);
  const most = Math.max(...shown.values());
  return classes.map((labels) =>
    Math.max(1, ...labels.map((label) => Math.sqrt(most / shown.get(label)!))),
  );
}

/** As many indices as there are weights, at even steps through their sum from `start` (0..1) on. */
function systematic(weights: readonly number[], start: number): Uint32Array {
  const step = weights.reduce((sum, weight) => sum + weight, 0) / weights.length;
  const out = new Uint32Array(weights.length);
  let index = 0;
  let end = weights[0] ?? 0;
  for (let i = 0; i < out.length; i++) {
    const at = (i + start) * step;
    while (at >= end && index < weights.length - 1) end += weights[++index]!;
    out[i] = index;
  }
  return out;
}
