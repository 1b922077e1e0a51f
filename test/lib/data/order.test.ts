import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hash, shuffled, split } from "../../../lib/data/order.js";

const count = fc.nat(300);
const seed = fc.nat();
const epoch = fc.nat(1000);

describe("shuffled", () => {
  test("is a permutation, the same for the same seed and epoch", () => {
    fc.assert(
      fc.property(count, seed, epoch, (n, s, e) => {
        const order = shuffled(n, s, e);
        expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i));
        expect(shuffled(n, s, e)).toEqual(order);
      }),
    );
  });

  test("is another one for another epoch or seed", () => {
    fc.assert(
      fc.property(fc.integer({ min: 20, max: 300 }), seed, epoch, (n, s, e) => {
        expect(shuffled(n, s, e + 1)).not.toEqual(shuffled(n, s, e));
        expect(shuffled(n, s + 1, e)).not.toEqual(shuffled(n, s, e));
      }),
    );
  });

  test("brings every picture to every place about as often", () => {
    const [pictures, epochs] = [8, 4000];
    const first = new Array<number>(pictures).fill(0);
    for (let e = 0; e < epochs; e++) first[shuffled(pictures, 7, e)[0]!]!++;
    const expected = epochs / pictures;
    // The counts are binomial: six deviations are never reached by chance.
    const bound = 6 * Math.sqrt(expected * (1 - 1 / pictures));
    for (const times of first) expect(Math.abs(times - expected)).toBeLessThan(bound);
  });
});

describe("split", () => {
  const items = fc.uniqueArray(fc.integer(), { maxLength: 100 });
  const fraction = fc.double({ min: 0, max: 1, noNaN: true });

  test("gives every item to one side, in the list's order", () => {
    fc.assert(
      fc.property(items, fraction, seed, (list, part, s) => {
        const [rest, chosen] = split(list, part, s);
        expect(chosen).toHaveLength(Math.round(list.length * part));
        const place = (item: number) => list.indexOf(item);
        for (const side of [rest, chosen]) {
          expect([...side].sort((a, b) => place(a) - place(b))).toEqual(side);
        }
        expect([...rest, ...chosen].sort((a, b) => place(a) - place(b))).toEqual(list);
        expect(split(list, part, s)).toEqual([rest, chosen]);
      }),
    );
  });

  test("chooses others with another seed", () => {
    const list = Array.from({ length: 200 }, (_, i) => i);
    expect(split(list, 0.2, 1)[1]).not.toEqual(split(list, 0.2, 2)[1]);
  });
});

describe("hash", () => {
  test("is 32 bits of any integers, and moves with each of them", () => {
    const big = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER - 1 });
    fc.assert(
      fc.property(big, epoch, count, (s, e, i) => {
        const value = hash(s, e, i);
        expect(Number.isInteger(value) && value >= 0 && value < 2 ** 32).toBe(true);
        expect(hash(s + 1, e, i)).not.toBe(value);
        expect(hash(s, e + 1, i)).not.toBe(value);
        expect(hash(s, e, i + 1)).not.toBe(value);
      }),
    );
  });

  test("spreads a count evenly over the low and the high half of its range", () => {
    const draws = 10_000;
    let high = 0;
    let odd = 0;
    for (let i = 0; i < draws; i++) {
      const value = hash(1, 2, i);
      if (value >= 2 ** 31) high++;
      odd += value & 1;
    }
    const bound = 6 * Math.sqrt(draws / 4);
    expect(Math.abs(high - draws / 2)).toBeLessThan(bound);
    expect(Math.abs(odd - draws / 2)).toBeLessThan(bound);
  });
});
