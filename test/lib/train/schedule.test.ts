import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { scheduleOptions } from "../../../lib/train/options.js";
import { learningRate, phases } from "../../../lib/train/schedule.js";

const schedule = (options: object) => scheduleOptions.parse(options);
const fraction = fc.double({ min: 0, max: 1, noNaN: true });
const peak = fc.double({ min: 1e-6, max: 1, noNaN: true });

describe("the learning rate", () => {
  test("constant, after the warm-up, is the peak", () => {
    const constant = schedule({ name: "constant", warmup: 2 });
    expect(learningRate(constant, 0.1, 2, 10)).toBe(0.1);
    expect(learningRate(constant, 0.1, 9.99, 10)).toBe(0.1);
  });

  test("warms up in a straight line from next to nothing to the peak", () => {
    const warm = schedule({ name: "constant", warmup: 4 });
    const at = (epoch: number) => learningRate(warm, 1, epoch, 10);
    expect(at(0)).toBeGreaterThan(0);
    expect(at(0)).toBeLessThan(1e-3);
    expect(at(1) - at(0)).toBeCloseTo(at(3) - at(2), 12);
    expect(at(2)).toBeCloseTo(0.5, 3);
    expect(at(3.999)).toBeLessThan(1);
    expect(at(4)).toBe(1);
  });

  test("without a warm-up begins at the peak", () => {
    for (const name of ["constant", "cosine", "step"]) {
      expect(learningRate(schedule({ name, warmup: 0 }), 0.3, 0, 5)).toBeCloseTo(0.3, 12);
    }
  });

  test("steps down by gamma every so many epochs, as the article's", () => {
    const step = schedule({ name: "step", warmup: 0, gamma: 0.92 });
    for (const [at, power] of [
      [0, 0],
      [0.99, 0],
      [1, 1],
      [5.5, 5],
    ] as const) {
      expect(learningRate(step, 5e-4, at, 10)).toBeCloseTo(5e-4 * 0.92 ** power, 12);
    }
    const rare = schedule({ name: "step", warmup: 0, gamma: 0.1, stepSize: 3 });
    expect(learningRate(rare, 1, 2.99, 10)).toBe(1);
    expect(learningRate(rare, 1, 3, 10)).toBeCloseTo(0.1, 12);
  });

  test("cosine falls from the peak to its last share, half-way in the middle", () => {
    const cosine = schedule({ name: "cosine", warmup: 2, finalLr: 0.2 });
    const at = (epoch: number) => learningRate(cosine, 1, epoch, 10);
    expect(at(2)).toBe(1);
    expect(at(6)).toBeCloseTo(0.6, 12);
    expect(at(10)).toBeCloseTo(0.2, 12);
    // What goes on after the end stays there.
    expect(at(12)).toBeCloseTo(0.2, 12);
  });

  test("is never above the peak and never below zero, wherever it is asked for", () => {
    const options = fc.record({
      name: fc.constantFrom("cosine", "step", "constant"),
      warmup: fc.double({ min: 0, max: 8, noNaN: true }),
      finalLr: fraction,
      stepSize: fc.integer({ min: 1, max: 4 }),
      gamma: fc.double({ min: 0.01, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(
        options,
        peak,
        fraction,
        fc.integer({ min: 1, max: 20 }),
        (input, lr, part, length) => {
          const rate = learningRate(schedule(input), lr, part * length, length);
          expect(rate).toBeGreaterThanOrEqual(0);
          expect(rate).toBeLessThanOrEqual(lr * (1 + 1e-12));
        },
      ),
    );
  });

  test("after the warm-up it only falls", () => {
    const names = fc.constantFrom("cosine", "step", "constant");
    fc.assert(
      fc.property(names, fraction, fraction, (name, a, b) => {
        const [first, then] = [Math.min(a, b), Math.max(a, b)].map((part) => 1 + 9 * part);
        const options = schedule({ name });
        expect(learningRate(options, 1, then!, 10)).toBeLessThanOrEqual(
          learningRate(options, 1, first!, 10) + 1e-12,
        );
      }),
    );
  });
});

describe("phases", () => {
  test("without a freeze phase there is one", () => {
    const all = { name: "train", from: 0, to: 5, lr: 0.1, frozen: false };
    expect(phases(5, { epochs: 0 }, 0.1)).toEqual([all]);
  });

  test("a freeze phase comes first, at its own rate or the same", () => {
    expect(phases(5, { epochs: 2, lr: 0.5 }, 0.1)).toEqual([
      { name: "freeze", from: 0, to: 2, lr: 0.5, frozen: true },
      { name: "train", from: 2, to: 5, lr: 0.1, frozen: false },
    ]);
    expect(phases(5, { epochs: 2 }, 0.1)[0]!.lr).toBe(0.1);
  });

  test("cover the epochs one after the other, whatever is frozen", () => {
    const epochs = fc.integer({ min: 1, max: 50 });
    fc.assert(
      fc.property(epochs, fc.nat(60), (count, frozen) => {
        const all = phases(count, { epochs: frozen }, 1);
        expect([all[0]!.from, all.at(-1)!.to]).toEqual([0, count]);
        for (const [i, { from, to }] of all.entries()) {
          expect(to).toBeGreaterThan(from);
          if (i > 0) expect(from).toBe(all[i - 1]!.to);
        }
        const cold = all.filter((phase) => phase.frozen).map(({ from, to }) => to - from);
        expect(cold).toEqual(frozen === 0 ? [] : [Math.min(frozen, count)]);
      }),
    );
  });
});
