import { writeFileSync } from "node:fs";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";

import { basename, join } from "node:path";
import { describe, expect, test } from "vitest";
import { packDataset } from "../../../lib/data/pack.js";
import type { PackEvent } from "../../../lib/data/pack-events.js";
import { pack, smallSet } from "../../support/packs.js";
import { temporaryFolder } from "../../support/temporary.js";
import { picture } from "../../support/voc.js";

describe("failures name what it was, and leave what is done and nothing else", () => {
  test("a truncated picture", async () => {
    const dataset = await smallSet();
    const file = dataset.items[2]!.image;
    await writeFile(file, (await readFile(file)).subarray(0, 500));
    const dir = temporaryFolder();
    await expect(packDataset(dataset, { dir })).rejects.toMatchObject({
      code: "BAD_DATA",
      message: expect.stringContaining(`${file}: expected a picture that can be decoded`),
    });
    // The others need not be decoded again once it is put right.
    expect((await readdir(dir)).filter((name) => !name.endsWith(".pack.part"))).toEqual([]);
    await writeFile(file, await picture("c.jpg"));
    expect((await pack(dataset, dir)).packed.reused).toBe(2);
    expect(await readdir(dir)).toHaveLength(1);
  });

  test("a picture that is another than its header told", async () => {
    const dataset = await smallSet();
    const file = dataset.items[1]!.image;
    const other = await picture("b.jpg", 60, 30);
    // Between header and pixels somebody writes the file.
    const onEvent = (event: PackEvent) => {
      if (event.kind === "space") writeFileSync(file, other);
    };
    const failing = pack(dataset, temporaryFolder(), { onEvent });
    await expect(failing).rejects.toThrow(
      `${file}: expected 40x30 pixels as its header told, got 60x30`,
    );
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
    expect(await readdir(dir)).toEqual([basename(packed.path), `${basename(packed.path)}.part`]);
  });

  test("no pictures at all", async () => {
    const dataset = { ...(await smallSet()), items: [] };
    await expect(packDataset(dataset, { dir: temporaryFolder() })).rejects.toThrow(
      /expected at least one usable picture, got none/,
    );
  });

  test("a caller who stops before the first", async () => {
    const dir = temporaryFolder();
    const signal = AbortSignal.abort();
    const failing = pack(await smallSet(), dir, { signal });
    await expect(failing).rejects.toMatchObject({ code: "CANCELLED" });
    expect(await readdir(dir)).toEqual([]);
  });

  test("an error of the caller's own passes as it is", async () => {
    const dir = temporaryFolder();
    const onEvent = () => {
      throw new TypeError("mine");
    };
    await expect(pack(await smallSet(), dir, { onEvent })).rejects.toThrow(TypeError);
    expect(await readdir(dir)).toEqual([]);
  });
});
