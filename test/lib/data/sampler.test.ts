import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Item } from "../../../lib/data/dataset.js";
import { shuffled } from "../../../lib/data/order.js";
import { epochOrder, repeatFactors } from "../../../lib/data/sampler.js";

/** Pictures by the labels they show. */
function items(...labels: number[][]): Item[] {
  return labels.map((list, i) => ({
    id: String(i),
    image: `${i}.jpg`,
    width: 10,
    height: 10,
    truths: list.map((label) => ({ label, box: [0, 0, 5, 5], difficult: false })),
  }));
}

function times(order: Uint32Array, count: number): number[] {
  const out = new Array<number>(count).fill(0);
  for (const index of order) out[index]!++;
  return out;
}

describe("repeat factors", () => {
  test("are those of the rarest class shown", () => {
    expect(repeatFactors(items([0], [0], [0], [0, 1], [], [2, 2, 0]))).toEqual([
      1,
      1,
      1,
      Math.sqrt(5),
      1,
      Math.sqrt(5),
    ]);
  });

  test("do not count what is not trained on", () => {
    const list = items([0], [0], [0], [1]);
    list[3]!.truths[0]!.difficult = true;
    expect(repeatFactors(list)).toEqual([1, 1, 1, 1]);
    list[3]!.truths[0]!.difficult = false;
    list[3]!.truths[0]!.crowd = true;
    expect(repeatFactors(list)).toEqual([1, 1, 1, 1]);
    expect(repeatFactors(items([], []))).toEqual([1, 1]);
  });
});

describe("an epoch", () => {
  const labels = fc.array(fc.array(fc.nat(4), { maxLength: 3 }), { minLength: 1, maxLength: 60 });

  test("of shuffle is a permutation", () => {
    const list = items(...Array.from({ length: 9 }, () => [0]));
    expect(epochOrder("shuffle", list, 3, 2)).toEqual(shuffled(9, 3, 2));
  });

  test("of balanced brings each picture as often as it is due, rounded", () => {
    fc.assert(
      fc.property(labels, fc.nat(1000), fc.nat(50), (lists, seed, epoch) => {
        const list = items(...lists);
        const order = epochOrder("balanced", list, seed, epoch);
        const factors = repeatFactors(list);
        const sum = factors.reduce((a, b) => a + b, 0);
        expect(order.length).toBe(list.length);
        times(order, list.length).forEach((count, i) => {
          const due = (factors[i]! / sum) * list.length;
          expect(Math.abs(count - due)).toBeLessThan(1 + 1e-6);
        });
        expect(epochOrder("balanced", list, seed, epoch)).toEqual(order);
      }),
    );
  });

  test("of balanced shows rare classes more often, and everything over the epochs", () => {
    const list = items(...Array.from({ length: 99 }, () => [0]), [1]);
    const counts = new Array<number>(100).fill(0);
    for (let epoch = 0; epoch < 50; epoch++) {
      for (const index of epochOrder("balanced", list, 0, epoch)) counts[index]!++;
    }
    // Due 100 * sqrt(99) / (99 + sqrt(99)) = 9.13 times an epoch.
    expect(Math.abs(counts[99]! / 50 - 9.13)).toBeLessThan(0.3);
    expect(Math.min(...counts)).toBeGreaterThan(20);
  });

  test("of balanced is another in another epoch and with another seed", () => {
    const list = items(...Array.from({ length: 30 }, (_, i) => [i % 3]));
    const one = epochOrder("balanced", list, 0, 0);
    expect(epochOrder("balanced", list, 0, 1)).not.toEqual(one);
    expect(epochOrder("balanced", list, 1, 0)).not.toEqual(one);
  });
});
