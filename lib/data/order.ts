// Orders as functions of (seed, epoch, index): the same whatever the number of workers or threads.

/** A 32-bit hash of three numbers (rounds of the splitmix finaliser). */
export function hash(seed: number, epoch: number, index: number): number {
  let h = 0x9e3779b9;
  for (const part of [seed, epoch, index]) {
    h = Math.imul(h ^ (part >>> 0) ^ Math.floor(part / 2 ** 32), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 15), 0xc2b2ae35);
    h ^= h >>> 13;
  }
  return h >>> 0;
}

/** A permutation of 0..count-1. */
export function shuffled(count: number, seed: number, epoch: number): Uint32Array {
  const keys = Uint32Array.from({ length: count }, (_, i) => hash(seed, epoch, i));
  return Uint32Array.from({ length: count }, (_, i) => i).sort(
    (a, b) => keys[a]! - keys[b]! || a - b,
  );
}

/** Splits a list in two by a fraction, as the seed says; both keep the list's order. */
export function split<T>(items: readonly T[], fraction: number, seed: number): [T[], T[]] {
  const count = Math.round(items.length * fraction);
  const chosen = new Set(shuffled(items.length, seed, -1).subarray(0, count));
  return [items.filter((_, i) => !chosen.has(i)), items.filter((_, i) => chosen.has(i))];
}
