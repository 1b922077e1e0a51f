import { expect, test } from "vitest";
import type { Bin } from "../../../lib/data/histogram.js";
import { statisticsOf } from "../../../lib/data/statistics.js";
import { seen, truth } from "../../support/seen.js";

const gray = { space: "grey", bits: 8, alpha: false };

/** The bins that hold something, by their lower end. */
const filled = (bins: readonly Bin[]) =>
  Object.fromEntries(bins.filter(({ count }) => count > 0).map(({ from, count }) => [from, count]));

test("sizes, extensions as they are spelled, and colours, the commonest first", () => {
  const small = { size: { width: 10, height: 20 } };
  const pictures = [
    seen("a.JPG", [], small),
    seen("b.jpg", [], { colours: gray }),
    seen("c.jpg"),
    seen("d.png"),
  ];
  expect(statisticsOf(pictures)).toMatchObject({
    sizes: [
      { width: 100, height: 50, pictures: 3 },
      { width: 10, height: 20, pictures: 1 },
    ],
    extensions: { ".jpg": 2, ".JPG": 1, ".png": 1 },
    colours: [
      { space: "rgb", bits: 8, alpha: false, pictures: 3 },
      { ...gray, pictures: 1 },
    ],
    corners: null,
    empty: 4,
  });
});

test("boxes by their share of the picture as it is, and by aspect in a square", () => {
  const { boxSizes, aspects } = statisticsOf([
    // A tenth of either side; as wide as high in the square input.
    seen("a.jpg", [truth([0, 0, 10, 5]), truth([50, 10, 60, 15])]),
    // The whole picture, and a strip of 1:10.
    seen("b.jpg", [truth([0, 0, 100, 50]), truth([0, 0, 10, 50])]),
  ]);
  expect(filled(boxSizes)).toEqual({ 0.08: 2, 0.24: 1, 0.64: 1 });
  expect(filled(aspects)).toEqual({ 0: 1, [1 / 1.5]: 3 });
});

test("what is evaluated apart, and pictures without boxes", () => {
  const box: [number, number, number, number] = [1, 1, 20, 20];
  const pictures = [
    seen("a.jpg", [truth(box, { difficult: true }), truth(box, { crowd: true }), truth(box)]),
    seen("b.jpg"),
  ];
  expect(statisticsOf(pictures)).toMatchObject({ difficult: 1, crowd: 1, empty: 1 });
});

test("corners in the files' own counting", () => {
  const pictures = [
    seen("a.jpg", [truth([0, 7, 99, 40])]),
    seen("b.jpg", [truth([5, 3, 50, 49])], { size: { width: 60, height: 50 } }),
  ];
  expect(statisticsOf(pictures).corners).toEqual({ origin: 0, smallest: [0, 3], margin: [1, 1] });
  expect(statisticsOf(pictures, 1).corners).toEqual({
    origin: 1,
    smallest: [1, 4],
    margin: [0, 0],
  });
});

test("of nothing", () => {
  const { boxSizes, ...rest } = statisticsOf([]);
  expect(rest).toMatchObject({ sizes: [], extensions: {}, colours: [], corners: null, empty: 0 });
  expect(filled(boxSizes)).toEqual({});
});
