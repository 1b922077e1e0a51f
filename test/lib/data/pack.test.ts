import { stat } from "node:fs/promises";

import { join } from "node:path";
import { crc32 } from "node:zlib";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { readPackFile } from "../../../lib/data/pack-index.js";
import { voc } from "../../../lib/data/voc.js";
import { hasData, onRealData, realData } from "../../support/data.js";
import { events, pack, pixelsOf, smallSet, truthsIn } from "../../support/packs.js";
import { temporaryFolder } from "../../support/temporary.js";
import { cat, picture, vocXml, writeFiles } from "../../support/voc.js";

describe("round trip", () => {
  test("pixels are what sharp decodes, at aligned offsets", async () => {
    const dataset = await smallSet();
    const { packed } = await pack(dataset, temporaryFolder());
    const { offsets, sizes } = packed.index({ ignored: false });
    expect([...sizes]).toEqual([40, 30, 40, 30, 40, 30]);
    for (const [i, { image }] of dataset.items.entries()) {
      expect(offsets[i]! % 4096).toBe(0);
      const expected = await sharp(image).raw().toBuffer();
      expect((await pixelsOf(packed, i)).equals(expected)).toBe(true);
    }
  });

  test("the index holds the truths in picture order, with or without the difficult", async () => {
    const { packed } = await pack(await smallSet(), temporaryFolder());
    const easy = packed.index({ ignored: false });
    expect([...easy.counts]).toEqual([1, 0, 1]);
    expect([...easy.labels]).toEqual([0, 1]);
    expect([...easy.boxes]).toEqual([2, 3, 19, 24, 9, 1, 32, 16]);
    const all = packed.index({ ignored: true });
    expect([...all.counts]).toEqual([2, 0, 1]);
    expect([...all.labels]).toEqual([0, 1, 1]);
    expect(all.boxes).toHaveLength(12);
    expect(packed.dataset.items[0]!.truths).toHaveLength(2);
  });

  test("crowds are left out with the difficult; they and areas stay in the data set", async () => {
    const dataset = await smallSet();
    const [first, ...rest] = dataset.items;
    const marked = first!.truths.map((truth) => ({ ...truth, crowd: true, area: 7.5 }));
    const items = [{ ...first!, truths: marked }, ...rest];
    const { packed } = await pack({ ...dataset, items }, temporaryFolder());
    expect([...packed.index({ ignored: false }).counts]).toEqual([0, 0, 1]);
    expect([...packed.index({ ignored: true }).counts]).toEqual([2, 0, 1]);
    expect(packed.dataset.items[0]!.truths).toEqual(marked);
  });

  test("the file tells classes, boxes, labels and flags, sources and checksums", async () => {
    const dataset = await smallSet();
    const [first, ...rest] = dataset.items;
    const marked = first!.truths.map((truth) => ({ ...truth, crowd: true, area: 7.5 }));
    const items = [{ ...first!, truths: marked }, ...rest];
    const { packed } = await pack({ ...dataset, items }, temporaryFolder());
    const { classes, pictures } = await truthsIn(packed.path);
    expect(classes).toEqual(["cat", "dog"]);
    expect(pictures[0]).toMatchObject({
      id: "a",
      boxes: [
        [2, 3, 19, 24],
        [9, 1, 32, 16],
      ],
      labels: [0, 1],
      difficult: [0, 1],
      crowd: [1, 1],
      area: [7.5, 7.5],
    });
    const file = (await readPackFile(packed.path))!;
    expect(file.sources).toMatch(/^[0-9a-f]{64}$/);
    for (const [i, picture] of file.pictures.entries()) {
      const { size, mtimeMs } = await stat(items[i]!.image);
      expect(picture).toMatchObject({ path: items[i]!.image, bytes: size, mtimeMs });
      expect(picture.crc).toBe(crc32(await pixelsOf(packed, i)));
    }
    expect(packed.bytes).toBe((await stat(packed.path)).size);
  });

  test("the space is told first, then every picture is counted", async () => {
    const dir = temporaryFolder();
    const [space, ...counted] = await events(await smallSet(), dir);
    expect(space).toMatchObject({ kind: "space", pictures: 3, free: expect.any(Number) });
    expect((space as { bytes: number }).bytes).toBeGreaterThan(3 * 40 * 30 * 3);
    expect(counted).toEqual([1, 2, 3].map((done) => ({ kind: "pack", done, total: 3 })));
  });
});

describe("the decoded size counts", () => {
  test("sizes are put right, boxes clipped to them, and what is lost is told", async () => {
    const boxes = [
      [2, 2, 20, 20],
      [30, 2, 60, 20],
      [50, 2, 60, 20],
    ];
    const objects = boxes.map((box) => ({ name: "cat", box }));
    const dir = await writeFiles(temporaryFolder(), {
      "a.jpg": await picture("a.jpg"),
      "a.xml": vocXml(objects, [80, 60]),
    });
    const dataset = await voc(dir).read();
    const { packed } = await pack(dataset, temporaryFolder());
    const [item] = packed.dataset.items;
    expect([item!.width, item!.height]).toEqual([40, 30]);
    expect([...packed.index({ ignored: true }).boxes]).toEqual([1, 1, 19, 19, 29, 1, 40, 19]);
    expect(packed.dataset.problems.map(({ kind }) => kind)).toEqual(["outside", "outside"]);
    expect(packed.dataset.problems[0]!.file).toBe(join(dir, "a.xml"));
    // The data set that was given stays as it was.
    expect(dataset.items[0]).toMatchObject({ width: 80, height: 60 });
    expect(dataset.problems).toEqual([]);
  });

  test("a picture turned by EXIF is packed the way its boxes were drawn", async () => {
    const turned = await sharp(await picture("a.jpg"))
      .withMetadata({ orientation: 6 })
      .toBuffer();
    const dir = await writeFiles(temporaryFolder(), {
      "a.jpg": turned,
      "a.xml": vocXml([cat], [40, 30]),
      "b.jpg": turned,
      "b.xml": vocXml([cat], [30, 40]),
    });
    const { packed } = await pack(await voc(dir).read(), temporaryFolder());
    expect([...packed.index({ ignored: false }).sizes]).toEqual([40, 30, 30, 40]);
    expect(await pixelsOf(packed, 1)).toEqual(await sharp(turned).autoOrient().raw().toBuffer());
  });
});

describe("maxSide", () => {
  test("shrinks pixels and the engine's boxes; the data set keeps the picture's own", async () => {
    const dir = await writeFiles(temporaryFolder(), {
      "a.png": await picture("a.png", 80, 60),
      "a.xml": vocXml([{ ...cat, box: [9, 5, 40, 60] }], [80, 60]),
      "b.png": await picture("b.png", 20, 10),
      "b.xml": vocXml([{ ...cat, box: [1, 1, 20, 10] }], [20, 10]),
    });
    const dataset = await voc(dir).read();
    const { packed } = await pack(dataset, temporaryFolder(), { maxSide: 40 });
    const { sizes, boxes } = packed.index({ ignored: false });
    expect([...sizes]).toEqual([40, 30, 20, 10]);
    expect([...boxes]).toEqual([4, 2, 19.5, 29.5, 0, 0, 19, 9]);
    expect(packed.dataset.items).toEqual(dataset.items);
    const expected = await sharp(dataset.items[0]!.image).resize(40, 30).raw().toBuffer();
    expect((await pixelsOf(packed, 0)).equals(expected)).toBe(true);
  });

  test("makes a pack of its own", async () => {
    const dataset = await smallSet();
    const dir = temporaryFolder();
    const whole = await pack(dataset, dir);
    const shrunk = await pack(dataset, dir, { maxSide: 20 });
    expect(shrunk.packed.path).not.toBe(whole.packed.path);
    expect(shrunk.decoded).toBe(3);
    expect((await pack(dataset, dir)).decoded).toBe(0);
  });
});

test("a part of a pack is its pictures alone", async () => {
  const { packed } = await pack(await smallSet(), temporaryFolder());
  const all = packed.index({ ignored: true });
  const part = packed.index({ ignored: true, part: [2, 0] });
  expect([...part.offsets]).toEqual([all.offsets[2], all.offsets[0]]);
  expect([...part.crcs]).toEqual([all.crcs[2], all.crcs[0]]);
  expect(part.paths).toEqual([all.paths[2], all.paths[0]]);
  expect([...part.labels]).toEqual([1, 0, 1]);
});

describe.skipIf(!hasData("raccoon"))(onRealData("raccoon"), () => {
  test("gray and coloured pictures, three channels each", async () => {
    const dataset = await voc(realData("raccoon")).read();
    const { packed, decoded } = await pack(dataset, temporaryFolder());
    expect(decoded).toBe(200);
    const { offsets, sizes, counts } = packed.index({ ignored: false });
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(217);
    const last = offsets.at(-1)! + sizes.at(-1)! * sizes.at(-2)! * 3;
    expect((await stat(packed.path)).size).toBeGreaterThan(last);
    const channels = await Promise.all(
      dataset.items.map(async ({ image }) => (await sharp(image).metadata()).channels),
    );
    expect(channels.filter((number) => number === 1)).toHaveLength(3);
    const gray = channels.indexOf(1);
    const expected = await sharp(dataset.items[gray]!.image).toColourspace("srgb").raw().toBuffer();
    expect((await pixelsOf(packed, gray)).equals(expected)).toBe(true);
  });
});
