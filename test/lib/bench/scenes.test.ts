import { beforeEach, expect, test } from "vitest";
import { asLists, madeUpTruths, noise } from "../../../lib/bench/scenes.js";
import { ownCache } from "../../support/small.js";

beforeEach(() => void ownCache());

test("one to eight truths on each picture, inside it, alike each time", () => {
  const made = madeUpTruths(200, 20);
  const counts = made.map(({ labels }) => labels.length);
  expect([Math.min(...counts), Math.max(...counts)]).toEqual([1, 8]);
  const sides: number[] = [];
  for (const { boxes, labels } of made) {
    expect(Array.from(labels).every((label) => label >= 0 && label < 20)).toBe(true);
    for (let i = 0; i < labels.length; i++) {
      const [x1, y1, x2, y2] = (boxes as Float32Array).subarray(4 * i, 4 * i + 4);
      expect(Math.min(x1!, y1!, 1 - x2!, 1 - y2!)).toBeGreaterThanOrEqual(0);
      sides.push(Math.min(x2! - x1!, y2! - y1!));
    }
  }
  // Small ones and large ones.
  expect(Math.min(...sides)).toBeLessThan(0.08);
  expect(Math.max(...sides)).toBeGreaterThan(0.5);
  expect(madeUpTruths(200, 20)).toEqual(made);
});

test("as lists they are the same numbers", () => {
  const made = madeUpTruths(3, 5);
  const { truths } = asLists(made);
  expect(truths.map(([boxes]) => Float32Array.from(boxes.flat()))).toEqual(
    made.map(({ boxes }) => boxes),
  );
  expect(truths.map(([, labels]) => labels)).toEqual(made.map(({ labels }) => Array.from(labels)));
});

test("noise is around 0 and as wide as asked for", () => {
  const values = Array.from(noise([100, 50], 2, 1).toArray() as Float32Array);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0) / values.length);
  expect(Math.abs(mean)).toBeLessThan(0.1);
  expect(deviation).toBeCloseTo(2, 1);
  // The first of each row may be higher.
  const raised = Array.from(noise([100, 50], 2, 1, 7).toArray() as Float32Array);
  raised.forEach((value, i) => {
    expect(value).toBeCloseTo(values[i]! + (i % 50 === 0 ? 7 : 0), 4);
  });
});
