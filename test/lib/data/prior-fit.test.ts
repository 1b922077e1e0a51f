import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bestIous, fitPriors, sizeOf, trainedTruths } from "../../../lib/data/prior-fit.js";
import { ops } from "../../../lib/ops.js";
import { presets } from "../../../lib/presets.js";
import { priorsOf } from "../../../lib/priors.js";
import { Tensor } from "../../../lib/tensor.js";
import { seen, truth } from "../../support/seen.js";

const tiny = presets["ssd128-tiny"];

describe("the IoU with the best prior", () => {
  /** By the engine: all pairs, then the largest. */
  function byEngine(boxes: number[][], priors: Float32Array): number[] {
    const corners = [];
    for (let i = 0; i < priors.length; i += 4) {
      const [x, y, w, h] = priors.subarray(i, i + 4) as unknown as [number, number, number, number];
      corners.push(x - w / 2, y - h / 2, x + w / 2, y + h / 2);
    }
    using a = Tensor.from(Float32Array.from(boxes.flat()), [boxes.length, 4]);
    using b = Tensor.from(Float32Array.from(corners), [corners.length / 4, 4]);
    using ious = ops.jaccard(a, b);
    const all = ious.toArray() as Float32Array;
    const row = corners.length / 4;
    return boxes.map((_, i) => Math.max(...all.subarray(i * row, (i + 1) * row)));
  }

  const side = fc.double({ min: 0, max: 0.95, noNaN: true });
  const box = fc
    .tuple(
      side,
      side,
      fc.double({ min: 0.005, max: 1, noNaN: true }),
      fc.double({ min: 0.005, max: 1, noNaN: true }),
    )
    .map(([x, y, w, h]) => [x, y, Math.min(1, x + w), Math.min(1, y + h)]);

  test.each(["ssd128-tiny", "ssd300-mobilenetv2-bubbliiiing"] as const)(
    "is the engine's, for any truths, with %s",
    async (name) => {
      const priors = priorsOf(presets[name]);
      await fc.assert(
        fc.asyncProperty(fc.array(box, { minLength: 1, maxLength: 8 }), async (boxes) => {
          const found = await bestIous(Float64Array.from(boxes.flat()), priors);
          byEngine(boxes, priors).forEach((iou, i) => {
            expect(Math.abs(found[i]! - iou)).toBeLessThan(1e-5);
          });
        }),
        { numRuns: 40 },
      );
    },
  );

  test("of a prior with itself is 1, of a speck nearly none", async () => {
    const priors = Float32Array.of(0.5, 0.5, 0.2, 0.4, 0.1, 0.1, 0.1, 0.1);
    const boxes = Float64Array.of(0.4, 0.3, 0.6, 0.7, 0.9, 0.9, 0.901, 0.901);
    const [same, speck] = await bestIous(boxes, priors);
    expect(same).toBeCloseTo(1, 6);
    expect(speck).toBe(0);
  });

  test("others have their turn meanwhile", async () => {
    let turns = 0;
    const timer = setInterval(() => turns++, 0);
    const boxes = Float64Array.from({ length: 4 * 3000 }, (_, i) => (i % 4 < 2 ? 0.1 : 0.9));
    await bestIous(boxes, priorsOf(presets["ssd300-vgg16"]));
    clearInterval(timer);
    expect(turns).toBeGreaterThan(2);
  });
});

test("the truths that are trained on, clipped, relative to the picture as it was decoded", () => {
  const ignored = [truth([0, 0, 9, 9], { difficult: true }), truth([0, 0, 9, 9], { crowd: true })];
  const { boxes, labels } = trainedTruths([
    seen("a.jpg", [...ignored, truth([10, 10, 60, 30], { label: 3 })]),
    // The picture is smaller than its annotation said: one box is clipped, one lies outside.
    seen("b.jpg", [truth([10, 10, 60, 30]), truth([50, 10, 60, 30])], {
      size: { width: 40, height: 40 },
    }),
  ]);
  expect([...boxes]).toEqual([0.1, 0.2, 0.6, 0.6, 0.25, 0.25, 1, 0.75]);
  expect(labels).toEqual([3, 0]);
  expect(sizeOf(boxes, 0)).toBeCloseTo(Math.sqrt(0.5 * 0.4));
});

test("counts by class and size: a speck and a strip are out of reach, a square is not", async () => {
  const pictures = [
    seen("a.jpg", [
      truth([10, 10, 40, 25], { label: 0 }),
      truth([10, 10, 11, 10.5], { label: 1 }),
      truth([0, 20, 100, 21], { label: 1 }),
    ]),
  ];
  const fit = await fitPriors(trainedTruths(pictures), ["square", "thin", "none"], tiny);
  expect(fit).toMatchObject({
    model: "ssd128-tiny",
    priors: 1360,
    truths: 3,
    unreached: 2,
    classes: {
      square: { truths: 1, unreached: 0 },
      thin: { truths: 2, unreached: 2 },
      none: { truths: 0, unreached: 0 },
    },
  });
  const bins = fit.sizes.filter(({ truths }) => truths > 0);
  expect(bins).toEqual([
    { from: 0, to: 0.02, truths: 1, unreached: 1 },
    { from: 0.12, to: 0.16, truths: 1, unreached: 1 },
    { from: 0.24, to: 0.32, truths: 1, unreached: 0 },
  ]);
});

test("of no truths", async () => {
  const fit = await fitPriors(trainedTruths([]), ["a"], tiny);
  expect(fit).toMatchObject({ truths: 0, unreached: 0 });
});
