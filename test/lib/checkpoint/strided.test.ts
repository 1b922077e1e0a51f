import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  bytesOf,
  countOf,
  denseStrides,
  gather,
  isRowMajor,
  isShape,
  spanOf,
  type View,
} from "../../../lib/checkpoint/strided.js";
import { type DType, dtypeBytes } from "../../../lib/native-engine.js";
import { counting } from "../../support/pickle.js";

/** Places of the elements in row-major order, one after the other. */
function places({ shape, strides, offset }: View): number[] {
  return shape.reduce(
    (found, size, axis) =>
      found.flatMap((at) => Array.from({ length: size }, (_, i) => at + i * strides[axis]!)),
    [offset],
  );
}

const axis = fc.record({ size: fc.nat(4), stride: fc.nat(9) });
const view = fc
  .record({
    axes: fc.array(axis, { maxLength: 4 }),
    offset: fc.nat(5),
    dtype: fc.constantFrom(...(Object.keys(dtypeBytes) as DType[])),
  })
  .map(
    ({ axes, offset, dtype }): View => ({
      dtype,
      shape: axes.map(({ size }) => size),
      strides: axes.map(({ stride }) => stride),
      offset,
    }),
  );

describe("views", () => {
  test("the row-major bytes are those of the elements one by one", () => {
    fc.assert(
      fc.property(view, (sample) => {
        const width = dtypeBytes[sample.dtype];
        const { begin, end } = spanOf(sample);
        const expected = places(sample).flatMap((at) => [
          ...counting(end * width).subarray(at * width, (at + 1) * width),
        ]);
        const span = counting(end * width).subarray(begin * width);
        expect([...gather(sample, span)]).toEqual(expected);
        expect(expected).toHaveLength(bytesOf(sample));
      }),
      { numRuns: 500 },
    );
  });

  test("a span reaches from the first element to the last, and is nothing without any", () => {
    fc.assert(
      fc.property(view, (sample) => {
        const all = places(sample);
        const expected =
          all.length === 0
            ? { begin: 0, end: 0 }
            : { begin: Math.min(...all), end: Math.max(...all) + 1 };
        expect(spanOf(sample)).toEqual(expected);
      }),
    );
  });

  test("row-major is what already lies in order", () => {
    fc.assert(
      fc.property(view, (sample) => {
        const inOrder = places(sample).every((at, i) => at === sample.offset + i);
        expect(isRowMajor(sample)).toBe(inOrder);
      }),
      { numRuns: 500 },
    );
  });

  test("bytes that begin anywhere in memory", () => {
    const memory = counting(64);
    const sample: View = { dtype: "float32", shape: [2, 2], strides: [1, 2], offset: 0 };
    const expected = [...gather(sample, new Uint8Array(memory.subarray(3, 19)))];
    expect([...gather(sample, memory.subarray(3, 19))]).toEqual(expected);
  });

  test("all bits of a NaN", () => {
    const bits = Buffer.from("010000000000f07f0100000000000cf8", "hex");
    const sample: View = { dtype: "float64", shape: [2, 2], strides: [0, 1], offset: 0 };
    expect(Buffer.from(gather(sample, bits))).toEqual(Buffer.concat([bits, bits]));
  });

  test("axes without end do not overflow the stack or stand for nothing", () => {
    const shape = [...Array(62).fill(1), 3, 1];
    const sample: View = { dtype: "uint8", shape, strides: shape.map(() => 2), offset: 1 };
    expect([...gather(sample, counting(6).subarray(1))]).toEqual([1, 3, 5]);
  });
});

describe("dense strides", () => {
  test("in C's order and in Fortran's", () => {
    expect(denseStrides([2, 3, 4])).toEqual([12, 4, 1]);
    expect(denseStrides([2, 3, 4], "F")).toEqual([1, 2, 6]);
    expect(denseStrides([])).toEqual([]);
    expect(denseStrides([2, 0, 4])).toEqual([4, 4, 1]);
  });

  test("are row-major, and Fortran's are those of the axes backwards", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(5), { maxLength: 5 }), (shape) => {
        const strides = denseStrides(shape);
        expect(isRowMajor({ dtype: "uint8", shape, strides, offset: 0 })).toBe(true);
        expect(denseStrides([...shape].reverse(), "F").reverse()).toEqual(strides);
      }),
    );
  });
});

describe("shapes", () => {
  test.each([[[]], [[0]], [[2, 3]], [[0, 5]], [Array(64).fill(1)], [[2 ** 49]]])("%j", (shape) => {
    expect(isShape(shape)).toBe(true);
  });

  test.each([
    [undefined],
    ["ab"],
    [{ length: 1, 0: 1 }],
    [[-1]],
    [[1.5]],
    [["1"]],
    [[null]],
    [[Number.NaN]],
    [[2 ** 53]],
    [[2 ** 30, 2 ** 30]],
    [[0, 2 ** 60]],
    [[0, 2 ** 40, 2 ** 40]],
    [Array(65).fill(1)],
    [[1n]],
  ])("%s is none", (shape) => {
    expect(isShape(shape)).toBe(false);
  });

  test("count elements", () => {
    expect([countOf([]), countOf([2, 3]), countOf([4, 0])]).toEqual([1, 6, 0]);
    expect(bytesOf({ dtype: "bfloat16", shape: [3, 5] })).toBe(30);
  });
});
