import { readdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { CacheKind } from "../../../lib/data/cache-options.js";
import type { Dataset } from "../../../lib/data/dataset.js";
import {
  type OpenOptions,
  type OpenPictures,
  openLoader,
  openParts,
  openPictures,
} from "../../../lib/data/loader.js";
import type { PackEvent } from "../../../lib/data/pack-events.js";
import * as space from "../../../lib/data/pack-space.js";
import { Tensor } from "../../../lib/tensor.js";
import { augmentOptions } from "../../../lib/train/options.js";
import { failure, ownCache, shapes, small } from "../../support/small.js";

vi.mock("../../../lib/data/pack-space.js", async (original) => ({
  ...(await original<typeof space>()),
  freeSpace: vi.fn(async () => 1e12),
  freeMemory: vi.fn(() => 1e12),
}));

let packs: string;
const opened: OpenPictures[] = [];

beforeEach(() => {
  packs = join(ownCache(), "packs");
});

afterEach(() => {
  for (const { native } of opened.splice(0)) native.dispose();
  vi.mocked(space.freeSpace).mockResolvedValue(1e12);
  vi.mocked(space.freeMemory).mockReturnValue(1e12);
});

async function open(dataset: Dataset, options: OpenOptions = {}) {
  const pictures = await openPictures(dataset, options);
  opened.push(pictures);
  return pictures;
}

const augment = augmentOptions.parse({});
const options = { batch: 5, seed: 3, workers: 2, augment };

/** Two epochs of batches, the second begun before the first is over. */
async function batchesOf(pictures: OpenPictures) {
  const loader = openLoader(pictures, small, options);
  const out: unknown[] = [];
  const take = async () => {
    const { images, targets, indices } = await loader.next();
    const bytes = new Tensor(images).toArray() as Float32Array;
    out.push([Buffer.from(bytes.buffer).toString("base64"), targets, indices]);
  };
  const order = Uint32Array.from({ length: pictures.length }, (_, i) => i).reverse();
  loader.start(0, order, 0);
  await take();
  loader.start(1, order, 0);
  for (let left = Math.ceil(order.length / options.batch); left > 0; left--) await take();
  loader.dispose();
  return out;
}

test("on the disk pictures are packed once into the cache", async () => {
  const dataset = await shapes().read();
  const told: PackEvent[] = [];
  const onEvent = (event: PackEvent) => told.push(event);
  expect((await open(dataset, { onEvent })).length).toBe(12);
  expect(told.at(-1)).toEqual({ kind: "pack", done: 12, total: 12 });
  expect(await readdir(packs)).toHaveLength(1);
  await open(dataset, { onEvent: () => expect.fail("expected nothing to be done again") });
  await rename(dataset.items[0]!.image, `${dataset.items[0]!.image}.away`);
  await expect(openPictures(dataset)).rejects.toEqual(failure("BAD_DATA", dataset.items[0]!.image));
});

describe("wherever they are kept", () => {
  test.each(["ram", "none"] as const)("batches are the same to the bit: %s", async (cache) => {
    const dataset = await shapes().read();
    for (const maxSide of [undefined, 40]) {
      const expected = await batchesOf(await open(dataset, { maxSide }));
      expect(await batchesOf(await open(dataset, { cache, maxSide }))).toEqual(expected);
    }
  });

  test.each(["ram", "none"] as const)("no file is written: %s", async (cache) => {
    await open(await shapes().read(), { cache });
    await expect(readdir(packs)).rejects.toThrow("ENOENT");
  });

  test.each(["disk", "ram", "none"] as const)("parts are those pictures: %s", async (cache) => {
    const dataset = await shapes().read();
    const all = await batchesOf(await open(dataset, { cache: "disk" }));
    const [most, few] = await openParts(dataset, [[...dataset.items.keys()], [7, 2]], { cache });
    opened.push(most!, few!);
    expect(await batchesOf(most!)).toEqual(all);
    expect(few!.dataset.items.map(({ id }) => id)).toEqual([7, 2].map((i) => dataset.items[i]!.id));
    const loader = openLoader(few!, small, { ...options, augment: null });
    loader.start(0, Uint32Array.of(1), 0);
    const { targets } = await loader.next();
    expect([...targets[0]!.labels]).toEqual(dataset.items[2]!.truths.map(({ label }) => label));
    loader.dispose();
  });

  test("a damaged pack is an error with the picture's and the pack's name", async () => {
    const dataset = await shapes().read();
    await open(dataset);
    const [name] = await readdir(packs);
    const file = join(packs, name!);
    const bytes = await readFile(file);
    bytes[4096 + 5]! ^= 8;
    await writeFile(file, bytes);
    const failing = batchesOf(await open(dataset));
    await expect(failing).rejects.toEqual(
      failure("BAD_DATA", file, dataset.items[0]!.image, "is damaged", "data pack"),
    );
  });
});

describe("in memory", () => {
  test("every picture is counted, and what it takes is told first", async () => {
    const told: PackEvent[] = [];
    const dataset = await shapes().read();
    await open(dataset, { cache: "ram", onEvent: (event) => told.push(event) });
    const bytes = dataset.items.reduce((sum, { width, height }) => sum + width * height * 3, 0);
    expect(told[0]).toEqual({ kind: "space", pictures: 12, bytes, free: 1e12 });
    expect(told.slice(1).map((event) => "done" in event && event.done)).toEqual(
      Array.from({ length: 12 }, (_, i) => i + 1),
    );
  });

  test("more than there is is refused before a picture is decoded", async () => {
    vi.mocked(space.freeMemory).mockReturnValue(100_000);
    await expect(openPictures(await shapes().read(), { cache: "ram" })).rejects.toEqual(
      failure("OUT_OF_MEMORY", "of free memory for 12", "100 KB", '"disk"'),
    );
  });

  test("a picture that cannot be decoded, and a caller who stops", async () => {
    const dataset = await shapes().read();
    const { image } = dataset.items[4]!;
    const bytes = await readFile(image);
    await writeFile(image, bytes.subarray(0, bytes.length / 2));
    const cache = "ram";
    await expect(openPictures(dataset, { cache })).rejects.toEqual(failure("BAD_DATA", image));
    const signal = AbortSignal.abort();
    await expect(openPictures(dataset, { cache, signal })).rejects.toEqual(failure("CANCELLED"));
  });
});

describe("a disk that is short", () => {
  test("is told, and pictures are decoded on the fly", async () => {
    const dataset = await shapes().read();
    const expected = await batchesOf(await open(dataset, { cache: "ram" }));
    vi.mocked(space.freeSpace).mockResolvedValue(1000);
    const told: PackEvent[] = [];
    const pictures = await open(dataset, { onEvent: (event) => told.push(event) });
    expect(told.map(({ kind }) => kind)).toEqual(["space", "feed"]);
    expect(told[1]).toMatchObject({ reason: expect.stringMatching(/free disk for 12.*1 KB/) });
    expect(await batchesOf(pictures)).toEqual(expected);
    expect(await readdir(packs)).toEqual([]);
  });
});

test("the GPU's memory is refused on the CPU, and asked of the loader elsewhere", async () => {
  const dataset = await shapes().read();
  const cache: CacheKind = "gpu";
  await expect(openPictures(dataset, { cache })).rejects.toEqual(failure("BAD_OPTION", "cache"));
  expect((await open(dataset, { cache, device: "cuda" })).resident).toBe(true);
  expect((await open(dataset)).resident).toBe(false);
});
