import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { engine } from "../../lib/native.js";
import { type DType, dtypeBytes } from "../../lib/native-engine.js";
import { Tensor, type TensorData } from "../../lib/tensor.js";
import { failure } from "../support/small.js";

const samples: [DType, TensorData][] = [
  ["float32", Float32Array.of(1.5, -0, Number.NaN, Number.POSITIVE_INFINITY, 3e-45, 7)],
  ["float64", Float64Array.of(Math.PI, -0, Number.NaN, 5e-324, 1e308, 7)],
  ["float16", Uint16Array.of(0x3c00, 0x7c00, 0x0001, 0x8000, 0x7bff, 0)],
  ["bfloat16", Uint16Array.of(0x3f80, 0x7f80, 0x0001, 0x8000, 0x4049, 0)],
  ["int64", BigInt64Array.of(2n ** 63n - 1n, -(2n ** 63n), 0n, 1n, -1n, 42n)],
  ["int32", Int32Array.of(2 ** 31 - 1, -(2 ** 31), 0, 1, -1, 42)],
  ["uint8", Uint8Array.of(0, 255, 128, 1, 2, 3)],
  ["bool", Uint8Array.of(0, 1, 1, 0, 0, 1)],
];

describe("round trip", () => {
  test.each(samples)("%s", (dtype, data) => {
    const tensor = Tensor.from(data, [2, 3], dtype);
    expect(tensor).toMatchObject({ shape: [2, 3], dtype, device: "cpu", disposed: false });
    expect(tensor.toArray()).toEqual(data);
    const none = Tensor.from(data.slice(0, 0), [0, 3], dtype);
    expect([none.shape, none.toArray().length]).toEqual([[0, 3], 0]);
    expect(dtypeBytes[dtype] * 6).toBe(tensor.native.bytes().byteLength);
  });

  test("the dtype follows the array, and one dimension is the default", () => {
    for (const [dtype, data] of samples) {
      if (dtype === "float16" || dtype === "bfloat16" || dtype === "bool") continue;
      expect(Tensor.from(data)).toMatchObject({ shape: [6], dtype });
    }
    expect(Tensor.from([1, 2.5])).toMatchObject({ shape: [2], dtype: "float32" });
  });

  test("any floats in any shape that holds them", () => {
    const shaped = fc.array(fc.nat(4), { maxLength: 4 }).chain((shape) => {
      const length = shape.reduce((product, side) => product * side, 1);
      return fc.tuple(
        fc.constant(shape),
        fc.float32Array({ minLength: length, maxLength: length }),
      );
    });
    fc.assert(
      fc.property(shaped, ([shape, data]) => {
        using tensor = Tensor.from(data, shape);
        expect(tensor.shape).toEqual(shape);
        expect(tensor.toArray()).toEqual(data);
      }),
    );
  });

  test("a view of a larger buffer is copied from where it begins", () => {
    const large = Float32Array.of(1, 2, 3, 4, 5);
    const tensor = Tensor.from(large.subarray(2, 4));
    large.fill(0);
    expect(tensor.toArray()).toEqual(Float32Array.of(3, 4));
    (tensor.toArray() as Float32Array).fill(9);
    expect(tensor.toArray()).toEqual(Float32Array.of(3, 4));
  });
});

describe("conversion", () => {
  test("a plain array of numbers becomes what is asked for", () => {
    expect(Tensor.from([1, -2, 3], [3], "int32").toArray()).toEqual(Int32Array.of(1, -2, 3));
    expect(Tensor.from([2 ** 40], [], "int64").toArray()).toEqual(BigInt64Array.of(2n ** 40n));
    expect(Tensor.from([0.1], [1], "float64").item()).toBe(0.1);
    expect(Tensor.from([1, 0], [2], "bool").toArray()).toEqual(Uint8Array.of(1, 0));
    expect(Tensor.from([1], [1], "bfloat16").toArray()).toEqual(Uint16Array.of(0x3f80));
  });

  test("to() converts a copy", () => {
    const tensor = Tensor.from([1.75, -1.75]);
    const whole = tensor.to("cpu", "int32");
    expect(whole.toArray()).toEqual(Int32Array.of(1, -1));
    expect(tensor.to("cpu").dtype).toBe("float32");
    expect(tensor.toArray()).toEqual(Float32Array.of(1.75, -1.75));
  });

  test("item() is the only element as a number", () => {
    expect(Tensor.from([2.5]).item()).toBe(2.5);
    expect(Tensor.from(BigInt64Array.of(7n), [1, 1]).item()).toBe(7);
    for (const data of [[], [1, 2]]) {
      const came = `[${data.length}]`;
      expect(() => Tensor.from(data).item()).toThrow(failure("BAD_OPTION", "one element", came));
    }
  });
});

describe("what does not fit is one sentence", () => {
  const two = Float32Array.of(1, 2);
  const cases: [string, () => unknown, string][] = [
    ["another count", () => Tensor.from(two, [3]), "3 elements for shape [3], got 2"],
    ["a negative extent", () => Tensor.from(two, [-1, -2]), "[-1,-2]"],
    ["a fraction", () => Tensor.from(two, [2.5]), "[2.5]"],
    ["NaN", () => Tensor.from(two, [Number.NaN]), "[NaN]"],
    ["extents beyond all memory", () => Tensor.from(two, [2 ** 40, 2 ** 40]), "elements"],
    ["bits of another type", () => Tensor.from(two, [2], "int32"), "Int32Array for int32"],
    ["16 bits without a dtype", () => Tensor.from(new Uint16Array(2)), "Uint16Array"],
    ["a dtype misspelled", () => Tensor.from(two, [2], "float23" as DType), "float23"],
    ["a device", () => Tensor.from(two).to("gpu"), "gpu"],
    ["a dtype to convert to", () => Tensor.from(two).to("cpu", "f32" as DType), "f32"],
  ];
  test.each(cases)("%s", (_what, make, part) => {
    expect(make).toThrow(failure("BAD_OPTION", part));
  });

  test.skipIf(engine().info().cuda)("a CUDA device where there is none", () => {
    expect(() => Tensor.from(two).to("cuda:0")).toThrow(failure("NO_CUDA", "cuda:0"));
  });
});

describe("lifetime", () => {
  const uses: [string, (tensor: Tensor) => unknown][] = [
    ["shape", (t) => t.shape],
    ["dtype", (t) => t.dtype],
    ["device", (t) => t.device],
    ["toArray", (t) => t.toArray()],
    ["item", (t) => t.item()],
    ["to", (t) => t.to("cpu")],
  ];
  test.each(uses)("%s works on a live tensor and throws DISPOSED on another", (_name, use) => {
    const tensor = Tensor.from([1]);
    use(tensor);
    tensor.dispose();
    expect(() => use(tensor)).toThrow(failure("DISPOSED"));
  });

  test("dispose may be called twice, and leaves others alone", () => {
    const tensor = Tensor.from([1]);
    const copy = tensor.to("cpu");
    tensor.dispose();
    tensor.dispose();
    expect(tensor.disposed).toBe(true);
    expect(copy.item()).toBe(1);
  });

  test("using disposes at the end of its block", () => {
    let kept: Tensor;
    {
      using tensor = Tensor.from([1]);
      kept = tensor;
      expect(kept.disposed).toBe(false);
    }
    expect(kept.disposed).toBe(true);
  });
});
