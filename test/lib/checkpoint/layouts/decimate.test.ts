import fc from "fast-check";
import { expect, test } from "vitest";
import { decimated } from "../../../../lib/checkpoint/layouts/decimate.js";

/** A float32 tensor whose elements are their own indices. */
function counting(shape: number[]) {
  const length = shape.reduce((product, side) => product * side, 1);
  const data = Float32Array.from({ length }, (_, i) => i);
  const read = async () => new Uint8Array(data.buffer);
  return { name: "t", dtype: "float32" as const, shape, read };
}

const floats = (bytes: Uint8Array) => [...new Float32Array(bytes.slice().buffer)];

test("keeps every n-th element along each axis, of a matrix that was a kernel once", async () => {
  const fc6 = counting([8, 2 * 7 * 7]);
  const out = decimated(fc6, { shape: [8, 2, 7, 7], steps: [4, 1, 3, 3] });
  expect(out.shape).toEqual([2, 2, 3, 3]);
  const rows = [0, 3, 6];
  const expected = [0, 4].flatMap((o) =>
    [0, 1].flatMap((i) => rows.flatMap((y) => rows.map((x) => ((o * 2 + i) * 7 + y) * 7 + x))),
  );
  expect(floats(await out.read())).toEqual(expected);
});

test("a tensor of another size is left alone: it is decimated already", () => {
  const small = counting([2, 2, 3, 3]);
  expect(decimated(small, { shape: [8, 2, 7, 7], steps: [4, 1, 3, 3] })).toBe(small);
});

test("steps of one change nothing, and elements are found by their index", async () => {
  const side = fc.integer({ min: 1, max: 5 });
  await fc.assert(
    fc.asyncProperty(side, side, side, side, async (a, b, m, n) => {
      const whole = counting([a, b]);
      const same = decimated(whole, { shape: [a, b], steps: [1, 1] });
      expect(await same.read()).toEqual(await whole.read());
      const cut = decimated(whole, { shape: [a, b], steps: [m, n] });
      const values = floats(await cut.read());
      expect(cut.shape).toEqual([Math.ceil(a / m), Math.ceil(b / n)]);
      const kept = floats(await whole.read()).filter(
        (i) => Math.floor(i / b) % m === 0 && (i % b) % n === 0,
      );
      expect(values).toEqual(kept);
    }),
  );
});
