import { mkdir, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import type { Dataset } from "../../../lib/data/dataset.js";
import { type Pack, packDataset } from "../../../lib/data/pack.js";
import { voc } from "../../../lib/data/voc.js";
import { hasData, onRealData, realData } from "../../support/data.js";
import { temporaryFolder } from "../../support/temporary.js";
import { cat, dog, picture, vocXml, writeDevkit, writeFiles } from "../../support/voc.js";

async function smallSet(): Promise<Dataset> {
  const content = { a: [cat, { ...dog, difficult: 1 }], b: [], c: [dog] };
  return await voc(await writeDevkit(temporaryFolder(), content)).read();
}

/** The pixels of picture `i`, as the engine finds them. */
async function pixelsOf(pack: Pack, i: number): Promise<Buffer> {
  const { file, offsets, sizes } = pack.index({ ignored: true });
  const offset = offsets[i]!;
  const length = sizes[2 * i]! * sizes[2 * i + 1]! * 3;
  return (await readFile(file)).subarray(offset, offset + length);
}

async function pack(dataset: Dataset, dir: string): Promise<{ packed: Pack; decoded: number }> {
  const packed = await packDataset(dataset, { dir });
  return { packed, decoded: packed.decoded };
}

describe("round trip", () => {
  test("pixels are what sharp decodes, at aligned offsets", async () => {
    const dataset = await smallSet();
    const { packed } = await pack(dataset, temporaryFolder());
    const { offsets, sizes } = packed.index({ ignored: false });
    expect([...sizes]).toEqual([40, 30, 40, 30, 40, 30]);
    for (const [i, { image }] of dataset.items.entries()) {
      expect(offsets[i]! % 64).toBe(0);
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

  test("progress counts every picture, in order", async () => {
    const calls: number[][] = [];
    const onProgress = (done: number, total: number) => calls.push([done, total]);
    await packDataset(await smallSet(), { dir: temporaryFolder(), onProgress });
    expect(calls).toEqual([
      [1, 3],
      [2, 3],
      [3, 3],
    ]);
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

describe("reuse", () => {
  test("the same pictures are not decoded twice, changed ones are", async () => {
    const dataset = await smallSet();
    const dir = temporaryFolder();
    const first = await pack(dataset, dir);
    const again = await pack(dataset, dir);
    expect([first.decoded, again.decoded]).toEqual([3, 0]);
    expect(again.packed.path).toBe(first.packed.path);
    expect(again.packed.index({ ignored: true })).toEqual(first.packed.index({ ignored: true }));
    await utimes(dataset.items[1]!.image, 1, 1);
    const changed = await pack(dataset, dir);
    expect(changed.decoded).toBe(3);
    expect(changed.packed.path).not.toBe(first.packed.path);
  });

  test("other boxes on the same pictures need no decoding, other pictures do", async () => {
    const dataset = await smallSet();
    const dir = temporaryFolder();
    await pack(dataset, dir);
    const bare = { ...dataset, items: dataset.items.map((item) => ({ ...item, truths: [] })) };
    const { packed, decoded } = await pack(bare, dir);
    expect(decoded).toBe(0);
    expect(packed.index({ ignored: true }).boxes).toHaveLength(0);
    const fewer = { ...dataset, items: dataset.items.slice(1) };
    expect((await pack(fewer, dir)).decoded).toBe(2);
    const turned = { ...dataset, items: dataset.items.toReversed() };
    expect((await pack(turned, dir)).decoded).toBe(3);
  });

  const damages: [string, (bytes: Buffer) => Buffer][] = [
    ["truncated", (bytes) => bytes.subarray(0, bytes.length - 1)],
    ["longer", (bytes) => Buffer.concat([bytes, Buffer.alloc(1)])],
    ["empty", () => Buffer.alloc(0)],
    ["without magic", (bytes) => Buffer.concat([Buffer.from("X"), bytes.subarray(1)])],
    ["with another index", (bytes) => flip(bytes, bytes.length - 3)],
    ["with another header", (bytes) => flip(bytes, 9)],
    ["with another digest", (bytes) => flip(bytes, 24)],
    ["of zeros", (bytes) => Buffer.alloc(bytes.length)],
  ];
  test.each(damages)("a pack that is %s is written again", async (_, damage) => {
    const dataset = await smallSet();
    const dir = temporaryFolder();
    const { packed } = await pack(dataset, dir);
    const sound = await readFile(packed.path);
    await writeFile(packed.path, damage(Buffer.from(sound)));
    const again = await pack(dataset, dir);
    expect(again.decoded).toBe(3);
    expect((await readFile(packed.path)).equals(sound)).toBe(true);
  });

  test("two at once do no harm", async () => {
    const dataset = await smallSet();
    const dir = temporaryFolder();
    const [a, b] = await Promise.all([pack(dataset, dir), pack(dataset, dir)]);
    expect(a.packed.path).toBe(b.packed.path);
    expect(await readdir(dir)).toEqual([basename(a.packed.path)]);
    expect((await pack(dataset, dir)).decoded).toBe(0);
  });
});

function flip(bytes: Buffer, at: number): Buffer {
  bytes[at]! ^= 1;
  return bytes;
}

describe("failures leave nothing behind and name what it was", () => {
  test("a truncated picture", async () => {
    const dataset = await smallSet();
    const file = dataset.items[2]!.image;
    await writeFile(file, (await readFile(file)).subarray(0, 500));
    const dir = temporaryFolder();
    await expect(packDataset(dataset, { dir })).rejects.toMatchObject({
      code: "BAD_DATA",
      message: expect.stringContaining(`${file}: expected a picture that can be decoded`),
    });
    expect(await readdir(dir)).toEqual([]);
  });

  test("a picture that is gone", async () => {
    const dataset = await smallSet();
    const file = dataset.items[0]!.image;
    await rm(file);
    const failing = packDataset(dataset, { dir: temporaryFolder() });
    await expect(failing).rejects.toThrow(`${file}: expected a picture, got: ENOENT`);
    await expect(failing).rejects.toMatchObject({ code: "BAD_DATA" });
  });

  test("a folder that cannot be made or written", async () => {
    const dataset = await smallSet();
    const dir = temporaryFolder();
    await writeFile(join(dir, "file"), "");
    await expect(packDataset(dataset, { dir: join(dir, "file") })).rejects.toMatchObject({
      code: "BAD_DATA",
      message: expect.stringMatching(
        /\.pack: expected to write the decoded pictures there, got: E/,
      ),
    });
  });

  test("a folder in the place of the file", async () => {
    const dataset = await smallSet();
    const dir = temporaryFolder();
    const { packed } = await pack(dataset, dir);
    await rm(packed.path);
    await mkdir(join(packed.path, "x"), { recursive: true });
    await expect(packDataset(dataset, { dir })).rejects.toThrow(packed.path);
    expect(await readdir(dir)).toEqual([basename(packed.path)]);
  });

  test("no pictures at all", async () => {
    const dataset = { ...(await smallSet()), items: [] };
    await expect(packDataset(dataset, { dir: temporaryFolder() })).rejects.toThrow(
      /expected at least one usable picture, got none/,
    );
  });

  test("a caller who stops", async () => {
    const dataset = await smallSet();
    const dir = temporaryFolder();
    const controller = new AbortController();
    const onProgress = () => controller.abort();
    const failing = packDataset(dataset, { dir, onProgress, signal: controller.signal });
    await expect(failing).rejects.toMatchObject({ code: "CANCELLED" });
    expect(await readdir(dir)).toEqual([]);
  });

  test("an error of the caller's own passes as it is", async () => {
    const dir = temporaryFolder();
    const onProgress = () => {
      throw new TypeError("mine");
    };
    await expect(packDataset(await smallSet(), { dir, onProgress })).rejects.toThrow(TypeError);
    expect(await readdir(dir)).toEqual([]);
  });
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
