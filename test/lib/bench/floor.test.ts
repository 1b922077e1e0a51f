import { beforeEach, expect, test } from "vitest";
import { floorOf } from "../../../lib/bench/floor.js";
import { ownCache } from "../../support/small.js";

const here = { device: "cpu", precision: "fp32" } as const;

beforeEach(() => void ownCache());

test("each stretch takes what its bytes or its operations take, whichever is longer", () => {
  const bytes = floorOf([{ bytes: 1e9, flops: 0 }], here);
  const flops = floorOf([{ bytes: 0, flops: 1e12 }], here);
  expect(Math.min(bytes, flops)).toBeGreaterThan(0);
  expect(floorOf([{ bytes: 1e9, flops: 1e12 }], here)).toBe(Math.max(bytes, flops));
  const both = [
    { bytes: 1e9, flops: 0 },
    { bytes: 0, flops: 1e12 },
  ];
  expect(floorOf(both, here)).toBeCloseTo(bytes + flops, 6);
  expect(floorOf([], here)).toBe(0);
});

test("a gigabyte takes between a millisecond and ten seconds, a teraflop as well", () => {
  for (const work of [
    { bytes: 1e9, flops: 0 },
    { bytes: 0, flops: 1e12 },
  ]) {
    const ms = floorOf([work], here);
    expect(ms).toBeGreaterThan(0.1);
    expect(ms).toBeLessThan(1e6);
  }
});
