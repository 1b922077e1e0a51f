import fc from "fast-check";
import { expect, test } from "vitest";
import { aspectEdges, binOf, histogram, sizeEdges } from "../../../lib/data/histogram.js";

test("a bin holds its lower end and not its upper one; the last has no end", () => {
  expect(histogram([0, 0.99, 1, 2.5, 7], [0, 1, 2])).toEqual([
    { from: 0, to: 1, count: 2 },
    { from: 1, to: 2, count: 1 },
    { from: 2, to: null, count: 2 },
  ]);
  expect(histogram([], [0, 1]).map(({ count }) => count)).toEqual([0, 0]);
});

test("every value is counted once, in the bin that holds it", () => {
  const values = fc.array(fc.double({ min: 0, max: 1e3, noNaN: true }));
  fc.assert(
    fc.property(values, fc.constantFrom(sizeEdges, aspectEdges), (values, edges) => {
      const total = histogram(values, edges).reduce((sum, { count }) => sum + count, 0);
      expect(total).toBe(values.length);
      for (const value of values) {
        const bin = binOf(value, edges);
        expect(value).toBeGreaterThanOrEqual(edges[bin]!);
        expect(value).toBeLessThan(edges[bin + 1] ?? Number.POSITIVE_INFINITY);
      }
    }),
  );
});

test("edges rise from 0, and those of aspects are the same for a box on its side", () => {
  for (const edges of [sizeEdges, aspectEdges]) {
    expect(edges[0]).toBe(0);
    expect([...edges].sort((a, b) => a - b)).toEqual([...edges]);
  }
  const [, ...ends] = aspectEdges;
  ends.forEach((edge, i) => {
    expect(edge * ends.at(-1 - i)!).toBeCloseTo(1);
  });
});
