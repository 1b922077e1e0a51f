import { expect, test } from "vitest";
import { behind, type Extent, fileExtent, tensorEntry } from "../../../lib/checkpoint/entry.js";
import { Source } from "../../../lib/checkpoint/source.js";
import { counting } from "../../support/pickle.js";
import { failure } from "../../support/small.js";
import { weightFile } from "../../support/weight-files.js";

/** An extent of counting bytes that notes what is read of it. */
function noted(size: number): Extent & { reads: number[][] } {
  const reads: number[][] = [];
  return {
    size,
    reads,
    async read(begin, end) {
      reads.push([begin, end]);
      return counting(size).subarray(begin, end);
    },
    cost: (begin, end) => end - begin,
  };
}

async function source(): Promise<Source> {
  const opened = await Source.open(await weightFile(counting(100)));
  return opened;
}

const float32 = { dtype: "float32" } as const;

test("of a row-major tensor its bytes alone are read, when they are asked for", async () => {
  const file = await source();
  const extent = noted(40);
  const view = { ...float32, shape: [2, 3], strides: [3, 1], offset: 2 };
  const entry = tensorEntry(file, "a", view, extent);
  expect([entry.name, entry.dtype, entry.shape, extent.reads]).toEqual([
    "a",
    "float32",
    [2, 3],
    [],
  ]);
  expect([...(await entry.read())]).toEqual([...counting(32).subarray(8)]);
  expect(extent.reads).toEqual([[8, 32]]);
  await file.close();
});

test("of another all from its first element to its last", async () => {
  const file = await source();
  const extent = noted(40);
  const view = { ...float32, shape: [2, 2], strides: [1, 4], offset: 1 };
  const entry = tensorEntry(file, "a", view, extent);
  expect([...(await entry.read())].filter((_, i) => i % 4 === 0)).toEqual([4, 20, 8, 24]);
  expect(extent.reads).toEqual([[4, 28]]);
  await file.close();
});

test("the memory of reading is taken before it is read", async () => {
  const file = await source();
  const taken = (shape: number[], strides: number[]) => {
    const before = file.budget.taken;
    tensorEntry(file, "a", { ...float32, shape, strides, offset: 0 }, noted(4000));
    return file.budget.taken - before;
  };
  const entry = taken([], []) - 4;
  expect(taken([1000], [1]) - entry).toBe(4000);
  expect(taken([500], [2]) - entry).toBe(3996 + 2000);
  expect(taken([10, 100], [0, 1]) - entry).toBe(400 + 4000);
  expect(() => taken([2 ** 25], [0])).toThrow(failure("BAD_CHECKPOINT", "memory", "tensor a"));
  await file.close();
});

test("a view that leaves its extent is refused; without elements it may begin anywhere", async () => {
  const file = await source();
  const at = (shape: number[], offset: number) =>
    tensorEntry(file, "a", { ...float32, shape, strides: shape.map(() => 1), offset }, noted(40));
  expect(at([10], 0).shape).toEqual([10]);
  expect(() => at([11], 0)).toThrow(
    failure("BAD_CHECKPOINT", "tensor a", "40 bytes", "ends at 44"),
  );
  expect(() => at([], 10)).toThrow(failure("BAD_CHECKPOINT", "ends at 44"));
  expect(() => at([2], 2 ** 53 - 1)).toThrow(failure("BAD_CHECKPOINT", "40 bytes"));
  expect([...(await at([0], 99).read())]).toEqual([]);
  await file.close();
});

test("parts of a file, and what lies behind a beginning", async () => {
  const file = await source();
  const part = fileExtent(file, 20, 30);
  expect([part.size, part.cost(3, 10)]).toEqual([30, 7]);
  expect([...(await part.read(1, 4))]).toEqual([21, 22, 23]);
  const rest = behind(part, 10);
  expect([rest.size, rest.cost(3, 10)]).toEqual([20, 7]);
  expect([...(await rest.read(1, 4))]).toEqual([31, 32, 33]);
  await file.close();
});
