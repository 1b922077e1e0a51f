import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { stream } from "../../../lib/data/random.js";
import {
  boundsOf,
  coveredShare,
  depth,
  type Outline,
  placed,
  shapeKinds,
  unitOutline,
} from "../../../lib/data/shapes-geometry.js";

const kind = fc.constantFrom(...shapeKinds);
const seed = fc.nat();

const circle = (x: number, y: number, radius: number): Outline => ({
  kind: "circle",
  centre: [x, y],
  radius,
});
const square: Outline = {
  kind: "square",
  centre: [5, 5],
  corners: [
    [0, 0],
    [10, 0],
    [10, 10],
    [0, 10],
  ],
};

test("an outline is as large as asked and lies where asked", () => {
  fc.assert(
    fc.property(kind, seed, fc.double({ min: 1, max: 200, noNaN: true }), (name, index, size) => {
      const outline = placed(unitOutline(name, stream(0, index)), size, [30, 40]);
      const [x1, y1, x2, y2] = boundsOf(outline);
      expect(Math.max(x2 - x1, y2 - y1)).toBeCloseTo(size, 6);
      expect([(x1 + x2) / 2, (y1 + y2) / 2]).toEqual([
        expect.closeTo(30, 6),
        expect.closeTo(40, 6),
      ]);
    }),
  );
});

test("bounds are the tightest: points inside lie in them, and each side is touched", () => {
  fc.assert(
    fc.property(kind, seed, (name, index) => {
      const outline = placed(unitOutline(name, stream(1, index)), 100, [60, 60]);
      const [x1, y1, x2, y2] = boundsOf(outline);
      let [left, top, right, bottom] = [999, 999, -999, -999];
      for (let y = 0; y < 120; y++) {
        for (let x = 0; x < 120; x++) {
          if (depth(outline, x, y) < 0) continue;
          [left, right] = [Math.min(left, x), Math.max(right, x)];
          [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
        }
      }
      expect(left >= x1 - 1e-9 && top >= y1 - 1e-9).toBe(true);
      expect(right <= x2 + 1e-9 && bottom <= y2 + 1e-9).toBe(true);
      // A sharp corner may fall between the points of the grid.
      for (const gap of [left - x1, top - y1, x2 - right, y2 - bottom]) expect(gap).toBeLessThan(3);
    }),
    { numRuns: 30 },
  );
});

test("depth is the distance to the edge", () => {
  expect(depth(circle(0, 0, 10), 3, 4)).toBe(5);
  expect(depth(circle(0, 0, 10), 12, 0)).toBe(-2);
  expect(depth(square, 5, 2)).toBe(2);
  expect(depth(square, -3, 5)).toBe(-3);
});

describe("coveredShare", () => {
  test("nothing, all, and half", () => {
    expect(coveredShare(square, [])).toBe(0);
    expect(coveredShare(square, [circle(50, 50, 5)])).toBe(0);
    expect(coveredShare(square, [circle(5, 5, 20)])).toBe(1);
    expect(coveredShare(square, [placed(unitSquare, 10, [10, 5])])).toBeCloseTo(0.5, 1);
  });

  test("two over the same place cover it once", () => {
    const over = placed(unitSquare, 10, [10, 5]);
    expect(coveredShare(square, [over, over])).toBe(coveredShare(square, [over]));
  });
});

const unitSquare: Outline = {
  kind: "square",
  centre: [0, 0],
  corners: [
    [-0.5, -0.5],
    [0.5, -0.5],
    [0.5, 0.5],
    [-0.5, 0.5],
  ],
};
