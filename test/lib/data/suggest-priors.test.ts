import { describe, expect, test } from "vitest";
import { bestIous, fitPriors, type TrainedTruths } from "../../../lib/data/prior-fit.js";
import { stream } from "../../../lib/data/random.js";
import { suggestPriors } from "../../../lib/data/suggest-priors.js";
import { presetSchema } from "../../../lib/presets/schema.js";
import { presets } from "../../../lib/presets.js";
import { priorsOf } from "../../../lib/priors.js";

const preset = presets["ssd128-tiny"];

/** Boxes somewhere, with sides around those given (relative to the picture), by up to 15 %. */
function truths(count: number, width: number, height: number): TrainedTruths {
  const random = stream(7, count);
  const boxes = Array.from({ length: count }, () => {
    const w = width * (0.85 + 0.3 * random());
    const h = height * (0.85 + 0.3 * random());
    const [x, y] = [random() * (1 - w), random() * (1 - h)];
    return [x, y, x + w, y + h];
  });
  return { boxes: Float64Array.from(boxes.flat()), labels: boxes.map(() => 0) };
}

const suggest = async (data: TrainedTruths) =>
  await suggestPriors(data, preset, await fitPriors(data, ["a"], preset));

describe("where the preset's priors miss truths", () => {
  const strips = truths(200, 0.5, 0.1);

  test("others reach more of them, as is counted on all of them", async () => {
    const now = await fitPriors(strips, ["a"], preset);
    expect(now.unreached).toBeGreaterThan(100);
    const found = (await suggest(strips))!;
    expect(found.truths).toBe(200);
    expect(found.unreached).toBeLessThan(now.unreached / 2);
    const { sizes, ratios } = found;
    const ious = await bestIous(strips.boxes, priorsOf({ ...preset, sizes, ratios }));
    expect(ious.filter((iou) => iou < 0.5)).toHaveLength(found.unreached);
  });

  test("they make a preset: as many sizes and ratios, rising, in whole pixels and tenths", async () => {
    const { sizes, ratios } = (await suggest(strips))!;
    expect(presetSchema.safeParse({ ...preset, sizes, ratios }).success).toBe(true);
    expect(sizes).toHaveLength(preset.sizes.length);
    expect(ratios.map((own) => own.length)).toEqual(preset.ratios.map((own) => own.length));
    expect(sizes).toEqual([...new Set(sizes.map(Math.round))].sort((a, b) => a - b));
    for (const ratio of ratios.flat()) expect(ratio).toBeCloseTo(Math.round(10 * ratio) / 10, 9);
  });

  test("always the same", async () => {
    expect(await suggest(strips)).toEqual(await suggest(truths(200, 0.5, 0.1)));
  });
});

test("nothing where all are reached, or where there are too few to tell", async () => {
  expect(await suggest(truths(200, 0.3, 0.3))).toBeUndefined();
  expect(await suggest(truths(49, 0.5, 0.1))).toBeUndefined();
  expect(await suggest(truths(0, 0.5, 0.1))).toBeUndefined();
});

test("nothing where no priors would do better: specks between the cells", async () => {
  expect(await suggest(truths(100, 0.004, 0.004))).toBeUndefined();
});
