import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Dataset } from "../../../lib/data/dataset.js";
import { packDataset } from "../../../lib/data/pack.js";
import type { PackEvent } from "../../../lib/data/pack-events.js";
import { layoutOf, PartialPack } from "../../../lib/data/pack-partial.js";
import { voc } from "../../../lib/data/voc.js";
import { ended, startModule } from "../../support/cli.js";
import { flip, pack, smallSet } from "../../support/packs.js";
import { temporaryFolder } from "../../support/temporary.js";
import { cat, writeDevkit } from "../../support/voc.js";

const pictures = 80;

async function manyPictures(): Promise<{ dataset: Dataset; folder: string }> {
  const content = Object.fromEntries(Array.from({ length: pictures }, (_, i) => [`p${i}`, [cat]]));
  const folder = await writeDevkit(temporaryFolder(), content);
  return { dataset: await voc(folder).read(), folder };
}

/** Packs a folder in a process of its own, which does `then` at every event. */
function packing(folder: string, dir: string, then = "") {
  const program = `
import { voc } from "data/voc.js";
import { packDataset } from "data/pack.js";
const dataset = await voc(${JSON.stringify(folder)}).read();
const onEvent = (event) => { ${then} };
const { path, decoded, reused } = await packDataset(dataset, { dir: ${JSON.stringify(dir)}, onEvent });
console.log(JSON.stringify({ path, decoded, reused }));`;
  return startModule(program);
}

async function interruptedAt(done: number) {
  const { dataset, folder } = await manyPictures();
  const dir = temporaryFolder();
  const kill = `if (event.kind === "pack" && event.done === ${done}) process.kill(process.pid, "SIGKILL");`;
  const child = packing(folder, dir, kill);
  await ended(child);
  expect(child.signalCode).toBe("SIGKILL");
  const [partial, ...others] = await readdir(dir);
  expect(partial).toMatch(/^[0-9a-f]{64}\.pack\.\d{15}-.*\.part$/);
  expect(others).toEqual([]);
  return { dataset, dir, partial: join(dir, partial!) };
}

describe("a packing that was killed", () => {
  test("is gone on with: what is finished and sound is kept, the result is the same", async () => {
    const { dataset, dir, partial } = await interruptedAt(72);
    const layout = layoutOf(dataset.items.map((item) => ({ ...item, held: item })));
    // Pixels that did not reach the disk, as after a power cut.
    await writeFile(partial, flip(await readFile(partial), layout.offsets[3]! + 7));
    const events: PackEvent[] = [];
    const onEvent = (event: PackEvent) => events.push(event);
    const { packed } = await pack(dataset, dir, { onEvent });
    expect(packed.reused).toBeGreaterThanOrEqual(63);
    expect(packed.reused + packed.decoded).toBe(pictures);
    const looked = events.filter(({ kind }) => kind === "verify").length;
    expect(looked).toBe(packed.reused + 1);
    // Counting goes on where it stood.
    expect(events.find(({ kind }) => kind === "pack")).toMatchObject({ done: packed.reused + 1 });
    expect(await readdir(dir)).toHaveLength(1);
    const fresh = await pack(dataset, temporaryFolder());
    expect((await readFile(packed.path)).equals(await readFile(fresh.packed.path))).toBe(true);
  });

  test("keeps no picture that was changed meanwhile", async () => {
    const { dataset, dir } = await interruptedAt(72);
    const { image } = dataset.items[0]!;
    await writeFile(image, await readFile(image));
    const { packed } = await pack(dataset, dir);
    expect(packed.reused).toBeGreaterThanOrEqual(62);
    expect(packed.decoded).toBeGreaterThanOrEqual(1);
    expect((await pack(dataset, dir)).packed.reused).toBe(pictures);
  });
});

test("a packing that is stopped leaves what it has for the next", async () => {
  const { dataset } = await manyPictures();
  const dir = temporaryFolder();
  const controller = new AbortController();
  const onEvent = (event: PackEvent) => {
    if (event.kind === "pack" && event.done === 50) controller.abort();
  };
  const stopped = packDataset(dataset, { dir, onEvent, signal: controller.signal });
  await expect(stopped).rejects.toMatchObject({
    code: "CANCELLED",
    message: expect.stringMatching(/^packing stopped after \d+ of 80 pictures$/),
  });
  expect((await readdir(dir)).map((name) => name.slice(64))).toEqual([".pack.part"]);
  const { packed } = await pack(dataset, dir);
  expect(packed.reused).toBeGreaterThanOrEqual(50);
  expect(await readdir(dir)).toHaveLength(1);
});

describe("two at once", () => {
  test("in two processes both end with the pack, and nothing else is left", async () => {
    const { folder } = await manyPictures();
    const dir = temporaryFolder();
    const both = await Promise.all([1, 2].map(() => ended(packing(folder, dir))));
    const [a, b] = both.map(({ out }) => JSON.parse(out));
    expect(a.path).toBe(b.path);
    expect(await readdir(dir)).toHaveLength(1);
    expect(a.decoded + b.decoded).toBeGreaterThanOrEqual(pictures);
  });

  test("the second waits for the first, and goes on when that gives up", async () => {
    const dataset = await smallSet();
    const dir = temporaryFolder();
    const { path } = await packDataset(dataset, { dir: temporaryFolder() });
    const first = await claim(join(dir, path.split("/").at(-1)!));
    let waiting: (event: PackEvent) => void = () => {};
    const waits = new Promise<PackEvent>((resolve) => {
      waiting = resolve;
    });
    const second = packDataset(dataset, { dir, onEvent: (event) => waiting(event) });
    expect(await waits).toMatchObject({ kind: "wait", file: expect.stringContaining(dir) });
    await first.leave(false);
    expect((await second).decoded).toBe(3);
  });

  test("a wait can be stopped", async () => {
    const dataset = await smallSet();
    const dir = temporaryFolder();
    const { path } = await packDataset(dataset, { dir: temporaryFolder() });
    const first = await claim(join(dir, path.split("/").at(-1)!));
    const controller = new AbortController();
    const onEvent = () => controller.abort();
    const second = packDataset(dataset, { dir, onEvent, signal: controller.signal });
    await expect(second).rejects.toMatchObject({ code: "CANCELLED" });
    await first.leave(false);
  });

  test("one whose file was taken away starts anew", async () => {
    const dataset = await smallSet();
    const dir = temporaryFolder();
    let stolen = false;
    const onEvent = async (event: PackEvent) => {
      if (event.kind !== "pack" || stolen) return;
      stolen = true;
      const { rmSync, readdirSync } = await import("node:fs");
      for (const name of readdirSync(dir)) rmSync(join(dir, name));
    };
    const { packed } = await pack(dataset, dir, { onEvent });
    expect((await stat(packed.path)).size).toBe(packed.bytes);
  });
});

async function claim(path: string): Promise<PartialPack> {
  const partial = await PartialPack.claim(path, () => {}, undefined);
  return partial!;
}

test("pictures lie at pages, their records behind them", () => {
  const held = { width: 40, height: 30 };
  const layout = layoutOf(
    [held, { width: 1, height: 1 }, held].map((size) => ({ ...size, held: size })),
  );
  expect(layout.offsets).toEqual([4096, 8192, 12288]);
  expect([layout.records, layout.end]).toEqual([16384, 16384 + 48]);
});
