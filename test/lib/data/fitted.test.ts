import { expect, test } from "vitest";
import type { Box, Dataset, Truth } from "../../../lib/data/dataset.js";
import { fittedTo, pictureList } from "../../../lib/data/fitted.js";

const truth = (box: Box, more: Partial<Truth> = {}): Truth => ({
  label: 1,
  box,
  difficult: false,
  ...more,
});

function dataset(...truths: Truth[][]): Dataset {
  const items = truths.map((list, i) => {
    return { id: `${i}`, image: `${i}.jpg`, width: 80, height: 60, truths: list };
  });
  return { spec: "made", classes: ["cat", "dog"], items, problems: [] };
}

const size = { width: 40, height: 30, held: { width: 20, height: 10 } };

test("sizes are those that were found, boxes are clipped to them, and what is lost is told", () => {
  const given = dataset([truth([1, 2, 30, 20]), truth([30, 2, 60, 20]), truth([50, 2, 60, 20])]);
  const { items, problems } = fittedTo(given, [size]);
  expect(items[0]).toMatchObject({ width: 40, height: 30 });
  expect(items[0]!.truths.map(({ box }) => box)).toEqual([
    [1, 2, 30, 20],
    [30, 2, 40, 20],
  ]);
  expect(problems.map(({ kind, file }) => [kind, file])).toEqual([
    ["outside", "0.jpg"],
    ["outside", "0.jpg"],
  ]);
  expect(problems[0]!.message).toContain('"dog" at [30, 2, 60, 20]');
  expect(given.items[0]!.width).toBe(80);
});

test("the engine is told held sizes, and boxes in their pixels", () => {
  const given = dataset([truth([4, 3, 40, 30])], [], [truth([0, 0, 8, 6], { label: 0 })]);
  const all = [size, size, { ...size, held: { width: 40, height: 30 } }];
  const list = pictureList(given, all, [2, 0], { ignored: false });
  expect(list.paths).toEqual(["2.jpg", "0.jpg"]);
  expect([...list.sizes]).toEqual([40, 30, 20, 10]);
  expect([...list.counts]).toEqual([1, 1]);
  expect([...list.labels]).toEqual([0, 1]);
  expect([...list.boxes]).toEqual([0, 0, 8, 6, 2, 1, 20, 10]);
});

test("what is not trained on is left out unless it is asked for", () => {
  const box: Box = [0, 0, 4, 4];
  const given = dataset([truth(box, { difficult: true }), truth(box, { crowd: true }), truth(box)]);
  const counts = (ignored: boolean) => [...pictureList(given, [size], [0], { ignored }).counts];
  expect([counts(false), counts(true)]).toEqual([[1], [3]]);
});
