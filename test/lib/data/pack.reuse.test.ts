import { chmod, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";

import { basename } from "node:path";
import { describe, expect, test } from "vitest";
import { readPackFile } from "../../../lib/data/pack-index.js";
import { events, flip, pack, pixelsOf, smallSet, truthsIn } from "../../support/packs.js";
import { temporaryFolder } from "../../support/temporary.js";
import { picture } from "../../support/voc.js";

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
    expect([changed.decoded, changed.packed.reused]).toEqual([1, 2]);
    expect(changed.packed.path).toBe(first.packed.path);
    expect(await readdir(dir)).toHaveLength(1);
  });

  test("a picture of another size moves the others, which are copied", async () => {
    const dataset = await smallSet();
    const dir = temporaryFolder();
    const before = await pack(dataset, dir);
    const last = await pixelsOf(before.packed, 2);
    await writeFile(dataset.items[0]!.image, await picture("a.jpg", 80, 60));
    const { packed, decoded } = await pack(dataset, dir);
    expect(decoded).toBe(1);
    expect([...packed.index({ ignored: true }).sizes]).toEqual([80, 60, 40, 30, 40, 30]);
    expect((await pixelsOf(packed, 2)).equals(last)).toBe(true);
  });

  test("other boxes on the same pictures need no decoding, other pictures do", async () => {
    const dataset = await smallSet();
    const dir = temporaryFolder();
    await pack(dataset, dir);
    const bare = { ...dataset, items: dataset.items.map((item) => ({ ...item, truths: [] })) };
    const { packed, decoded } = await pack(bare, dir);
    expect(decoded).toBe(0);
    expect(packed.index({ ignored: true }).boxes).toHaveLength(0);
    expect((await truthsIn(packed.path)).pictures[0].boxes).toEqual([]);
    const fewer = { ...dataset, items: dataset.items.slice(1) };
    expect((await pack(fewer, dir)).decoded).toBe(2);
    const turned = { ...dataset, items: dataset.items.toReversed() };
    expect((await pack(turned, dir)).decoded).toBe(3);
  });

  test("annotations that change again and again do not let the file grow", async () => {
    const dataset = await smallSet();
    const dir = temporaryFolder();
    const bytes: number[] = [];
    for (let i = 0; i < 6; i++) {
      const classes = i % 2 === 0 ? ["cat", "dog"] : ["cat", "dog", "emu"];
      const { packed } = await pack({ ...dataset, classes }, dir);
      expect((await truthsIn(packed.path)).classes).toEqual(classes);
      bytes.push(packed.bytes);
    }
    expect(bytes[5]).toBe(bytes[2]);
  });

  test("a pack that may only be read serves as it is", async () => {
    const dataset = await smallSet();
    const dir = temporaryFolder();
    const { packed } = await pack(dataset, dir);
    await chmod(packed.path, 0o444);
    const again = await pack({ ...dataset, classes: ["cat", "dog", "emu"] }, dir);
    expect(again.decoded).toBe(0);
  });

  const damages: [string, (bytes: Buffer) => Buffer][] = [
    ["cut inside the pixels", (bytes) => bytes.subarray(0, 9000)],
    ["cut inside its pictures", (bytes) => bytes.subarray(0, bytes.readUIntLE(8, 6) + 10)],
    ["empty", () => Buffer.alloc(0)],
    ["without magic", (bytes) => Buffer.concat([Buffer.from("X"), bytes.subarray(1)])],
    ["with other pictures in its index", (bytes) => flip(bytes, bytes.readUIntLE(8, 6) + 5)],
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

  test("truths that are damaged are written again, and the pixels stay", async () => {
    const dataset = await smallSet();
    const dir = temporaryFolder();
    const { packed } = await pack(dataset, dir);
    const { header } = (await readPackFile(packed.path))!;
    const bytes = await readFile(packed.path);
    // The digest in the header: the truths are then no longer those of the data.
    await writeFile(packed.path, flip(bytes, 8 + 48 + 16));
    expect((await pack(dataset, dir)).decoded).toBe(0);
    expect((await truthsIn(packed.path)).classes).toEqual(["cat", "dog"]);
    expect((await readPackFile(packed.path))!.header.pictures).toEqual(header.pictures);
  });

  test("two at once do no harm, and one waits for the other", async () => {
    const dataset = await smallSet();
    const dir = temporaryFolder();
    const [a, b] = await Promise.all([pack(dataset, dir), pack(dataset, dir)]);
    expect(a.packed.path).toBe(b.packed.path);
    expect(await readdir(dir)).toEqual([basename(a.packed.path)]);
    expect((await pack(dataset, dir)).decoded).toBe(0);
  });
});

describe("verification", () => {
  test("finds damaged pictures and decodes them again, and no others", async () => {
    const dataset = await smallSet();
    const dir = temporaryFolder();
    const { packed } = await pack(dataset, dir);
    const sound = await readFile(packed.path);
    const { offsets } = packed.index({ ignored: true });
    for (const at of [offsets[1]!, offsets[2]! + 40 * 30 * 3 - 1]) {
      await writeFile(packed.path, flip(Buffer.from(sound), at));
      // Without it nobody reads the pixels here; the engine looks when it takes them.
      expect((await pack(dataset, dir)).decoded).toBe(0);
      const again = await pack(dataset, dir, { verify: true });
      expect([again.decoded, again.packed.reused]).toEqual([1, 2]);
      expect((await readFile(packed.path)).equals(sound)).toBe(true);
    }
    // What lies between pictures is nobody's.
    await writeFile(packed.path, flip(Buffer.from(sound), offsets[1]! - 1));
    expect((await pack(dataset, dir, { verify: true })).decoded).toBe(0);
  });

  test("counts the pictures it looked at, and writes nothing when all are sound", async () => {
    const dataset = await smallSet();
    const dir = temporaryFolder();
    const { packed } = await pack(dataset, dir);
    const { mtimeMs } = await stat(packed.path);
    expect(await events(dataset, dir, { verify: true })).toEqual(
      [1, 2, 3].map((done) => ({ kind: "verify", done, total: 3 })),
    );
    expect((await stat(packed.path)).mtimeMs).toBe(mtimeMs);
  });

  test("a picture that is damaged and gone is an error that names it", async () => {
    const dataset = await smallSet();
    const dir = temporaryFolder();
    await pack(dataset, dir);
    await rm(dataset.items[1]!.image);
    await expect(pack(dataset, dir, { verify: true })).rejects.toMatchObject({ code: "BAD_DATA" });
  });
});
