import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import type { DataSource } from "../../../lib/data/dataset.js";
import { voc } from "../../../lib/data/voc.js";
import { labelColour } from "../../../lib/report/colour.js";
import { drawSamples } from "../../../lib/report/samples.js";
import { hasData, onRealData, realData } from "../../support/data.js";
import { ownCache } from "../../support/small.js";
import { temporaryFolder } from "../../support/temporary.js";
import { cat, dog, writeDevkit } from "../../support/voc.js";

const letters = "abcdefghijklmnopqrstuvwxyz".split("");

async function pets(): Promise<DataSource> {
  const content = Object.fromEntries(letters.map((name, i) => [name, i % 2 ? [cat] : [cat, dog]]));
  return voc(await writeDevkit(temporaryFolder(), content));
}

const ids = async (source: DataSource, options?: Parameters<typeof drawSamples>[1]) =>
  (await drawSamples(source, options)).items.map(({ id }) => id);

describe("which pictures", () => {
  test("sixteen by default, picked by the seed; more begin with the same", async () => {
    const source = await pets();
    const some = await ids(source);
    expect(new Set(some).size).toBe(16);
    expect(await ids(source)).toEqual(some);
    expect((await ids(source, { count: 20 })).slice(0, 16)).toEqual(some);
    expect(await ids(source, { seed: 1 })).not.toEqual(some);
    expect((await ids(source, { count: 400 })).sort()).toEqual(letters);
  });
});

describe("what is drawn", () => {
  test("the same bytes for the same seed", async () => {
    const source = await pets();
    const [a, b] = [
      await drawSamples(source, { count: 3 }),
      await drawSamples(source, { count: 3 }),
    ];
    expect(a.png.equals(b.png)).toBe(true);
  });

  test("what training sees, when that is asked for", async () => {
    ownCache();
    const source = await pets();
    const draw = async (options: Parameters<typeof drawSamples>[1]) =>
      (await drawSamples(source, { count: 2, model: "ssd128-tiny", ...options })).png;
    const seen = await draw({ augment: {} });
    expect(seen.equals(await draw({ augment: {} }))).toBe(true);
    expect(seen.equals(await draw({ augment: { mosaic: 1 } }))).toBe(false);
    // Nothing is left but the square.
    const still = { photometric: false, expand: false, crop: false, mirror: false };
    const plain = await sharp(await draw({ augment: still }))
      .raw()
      .toBuffer();
    const whole = await sharp(await draw({}))
      .raw()
      .toBuffer();
    const [width, caption] = [428 * 2, 14];
    const far = plain.subarray(0, plain.length - width * caption * 3).reduce((sum, value, i) => {
      return sum + Math.abs(value - whole[i]!);
    }, 0);
    // Two ways of resampling, one picture.
    expect(far / plain.length).toBeLessThan(12);
  });

  test("boxes in pixels of the picture, also on the square input of a model", async () => {
    const source = voc(
      await writeDevkit(temporaryFolder(), { a: [{ name: "cat", box: [11, 7, 31, 25] }] }),
    );
    const colour = labelColour("cat", ["cat"]);
    const lookAt = async (model?: string) => {
      const { png } = await drawSamples(source, { count: 1, model });
      const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
      expect(info.width).toBe(428);
      const farFrom = (x: number, y: number) =>
        Math.max(
          ...colour.map((value, c) => Math.abs(data[(y * info.width + x) * 3 + c]! - value)),
        );
      // Of the columns about the left edge the one that has most of the colour, in the box's middle.
      const middle = 14 + Math.round((info.height - 14 - 38) / 2);
      const far = Array.from({ length: 40 }, (_, x) =>
        Math.max(...Array.from({ length: 40 }, (_, y) => farFrom(94 + x, middle - 20 + y))),
      );
      return { height: info.height, edge: 94 + far.indexOf(Math.min(...far)) };
    };
    const [plain, square] = [await lookAt(), await lookAt("ssd128-tiny")];
    // From 10 of 40 pixels on, and 14 of margin.
    for (const { edge } of [plain, square]) expect(Math.abs(edge - 114)).toBeLessThanOrEqual(1);
    expect(square.height - plain.height).toBe(100);
  });
});

test("what cannot be drawn", async () => {
  const none = {
    spec: "none:x",
    read: async () => ({ spec: "none:x", classes: [], items: [], problems: [] }),
  };
  await expect(drawSamples(none)).rejects.toThrow(/none:x: expected at least one usable picture/);
  const dir = await writeDevkit(temporaryFolder(), { a: [cat] });
  await writeFile(join(dir, "JPEGImages", "a.jpg"), "no picture");
  await expect(drawSamples(voc(dir))).rejects.toThrow(/a\.jpg: expected a picture/);
  await expect(drawSamples(voc(dir), { classes: ["owl"] })).rejects.toThrow(/got "cat"/);
  await expect(drawSamples(voc(dir), { model: "ssd" })).rejects.toMatchObject({
    code: "BAD_OPTION",
  });
  await expect(drawSamples(voc(dir), { count: 401 })).rejects.toThrow(
    /sample options: option "count"/,
  );
});

describe.skipIf(!hasData("bccd"))(onRealData("bccd"), () => {
  test("pictures of 640x480 fill cells of 400x300", async () => {
    const { png, items } = await drawSamples(voc(realData("bccd")));
    expect(items).toHaveLength(16);
    const { width, height } = await sharp(png).metadata();
    expect([width, height]).toEqual([14 + 4 * 414, 14 + 4 * (300 + 24 + 14)]);
  });
});
