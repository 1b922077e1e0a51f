import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { beforeEach, describe, expect, test } from "vitest";
import {
  type LoaderOptions,
  type OpenPictures,
  openLoader,
  openPictures,
} from "../../../lib/data/loader.js";
import { shuffled } from "../../../lib/data/order.js";
import { voc } from "../../../lib/data/voc.js";
import type { NativeLoader } from "../../../lib/native-loader.js";
import { Tensor } from "../../../lib/tensor.js";
import { augmentOptions } from "../../../lib/train/options.js";
import { failure, ownCache, shapes, small } from "../../support/small.js";
import { temporaryFolder } from "../../support/temporary.js";
import { cat, dog, writeDevkit, writeFlat } from "../../support/voc.js";

beforeEach(() => {
  ownCache();
});

const plain: LoaderOptions = { batch: 2, seed: 0, workers: 1, augment: null };
const augment = augmentOptions.parse({});

async function pets(): Promise<OpenPictures> {
  const content = { a: [cat, { ...dog, difficult: 1 }], b: [], c: [dog] };
  return await openPictures(await voc(await writeDevkit(temporaryFolder(), content)).read());
}

interface Plain {
  pixels: number[];
  boxes: number[][];
  labels: number[][];
  indices: number[];
}

/** What the next `count` batches hold. */
async function take(loader: NativeLoader, count: number): Promise<Plain[]> {
  const out: Plain[] = [];
  for (let i = 0; i < count; i++) {
    const { images, targets, indices } = await loader.next();
    out.push({
      pixels: Array.from(new Tensor(images).toArray(), Number),
      boxes: targets.map(({ boxes }) => [...boxes]),
      labels: targets.map(({ labels }) => [...labels]),
      indices: [...indices],
    });
  }
  return out;
}

describe("batches", () => {
  test("come in the order that was given, the last one smaller", async () => {
    const loader = openLoader(await pets(), small, plain);
    loader.start(0, Uint32Array.of(2, 0, 1), 0);
    const { images, targets, indices } = await loader.next();
    expect(images.shape).toEqual([2, 3, 32, 32]);
    expect(indices).toEqual([2, 0]);
    // Relative corners; what is marked difficult is left out.
    expect(targets.map(({ labels }) => [...labels])).toEqual([[1], [0]]);
    const [x1, y1, x2, y2] = targets[1]!.boxes as unknown as [number, number, number, number];
    const expected = [2 / 40, 3 / 30, 19 / 40, 24 / 30];
    [x1, y1, x2, y2].forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i]!, 6);
    });
    const last = await loader.next();
    expect([last.indices, last.images.shape[0], last.targets[0]!.labels.length]).toEqual([
      [1],
      1,
      0,
    ]);
    await expect(loader.next()).rejects.toEqual(failure("BAD_OPTION", "its end"));
    loader.dispose();
  });

  test("hold (pixel - mean) / std, channel by channel", async () => {
    const dir = await writeFlat(temporaryFolder(), { "a.png": [cat] });
    const background = { r: 200, g: 100, b: 50 };
    const colour = await sharp({ create: { width: 40, height: 30, channels: 3, background } })
      .png()
      .toBuffer();
    await writeFile(join(dir, "a.png"), colour);
    const loader = openLoader(await openPictures(await voc(dir).read()), small, plain);
    loader.start(0, Uint32Array.of(0), 0);
    const [batch] = await take(loader, 1);
    const side = small.size * small.size;
    [200, 100, 50].forEach((value, channel) => {
      const expected = (value - small.mean[channel]!) / small.std[channel]!;
      for (const pixel of batch!.pixels.slice(channel * side, (channel + 1) * side)) {
        expect(pixel).toBeCloseTo(expected, 4);
      }
    });
    loader.dispose();
  });

  test("an epoch may begin anywhere, and a new one drops the one under way", async () => {
    const pack = await openPictures(await shapes().read());
    const order = shuffled(12, 3, 1);
    const whole = openLoader(pack, small, { ...plain, augment });
    whole.start(1, order, 0);
    const all = await take(whole, 6);
    whole.start(2, order, 0);
    await take(whole, 1);
    whole.start(1, order, 4);
    expect(await take(whole, 2)).toEqual(all.slice(4));
    whole.dispose();
  });
});

describe("augmentation is a function of seed, epoch and picture", () => {
  async function epochOf(pack: OpenPictures, options: Partial<LoaderOptions>, epoch = 0) {
    const loader = openLoader(pack, small, { ...plain, augment, ...options });
    loader.start(epoch, shuffled(12, 0, 0), 0);
    const batches = await take(loader, 12 / (options.batch ?? plain.batch));
    loader.dispose();
    return batches;
  }

  test("not of the number of workers", async () => {
    const pack = await openPictures(await shapes().read());
    const one = await epochOf(pack, {});
    expect(await epochOf(pack, { workers: 3 })).toEqual(one);
    expect(await epochOf(pack, { workers: 2 })).toEqual(one);
  });

  test("not of the batch it is in", async () => {
    const pack = await openPictures(await shapes().read());
    const flat = (batches: Plain[]) => batches.flatMap(({ boxes }) => boxes);
    expect(flat(await epochOf(pack, { batch: 3 }))).toEqual(
      flat(await epochOf(pack, { batch: 4 })),
    );
  });

  test("another in another epoch, with another seed, and without it", async () => {
    const pack = await openPictures(await shapes().read());
    const one = await epochOf(pack, {});
    for (const other of [
      await epochOf(pack, {}, 1),
      await epochOf(pack, { seed: 1 }),
      await epochOf(pack, { augment: null }),
    ]) {
      expect(other.map(({ indices }) => indices)).toEqual(one.map(({ indices }) => indices));
      expect(other).not.toEqual(one);
    }
  });

  test("boxes stay inside the picture, with an area", async () => {
    const pack = await openPictures(await shapes().read());
    for (let epoch = 0; epoch < 5; epoch++) {
      const boxes = (await epochOf(pack, {}, epoch)).flatMap((batch) => batch.boxes.flat());
      expect(boxes.length).toBeGreaterThan(0);
      expect(Math.min(...boxes)).toBeGreaterThanOrEqual(0);
      expect(Math.max(...boxes)).toBeLessThanOrEqual(1);
      for (let i = 0; i < boxes.length; i += 4) {
        expect(boxes[i + 2]).toBeGreaterThan(boxes[i]!);
        expect(boxes[i + 3]).toBeGreaterThan(boxes[i + 1]!);
      }
    }
  });
});

describe("lifetime", () => {
  test("a batch that is waited for when the loader is disposed comes, or is cancelled", async () => {
    const loader = openLoader(await pets(), small, { ...plain, batch: 1 });
    loader.start(0, Uint32Array.of(0, 1, 2), 0);
    const waiting = [loader.next(), loader.next(), loader.next()];
    loader.dispose();
    loader.dispose();
    for (const ended of await Promise.allSettled(waiting)) {
      if (ended.status === "fulfilled") expect(ended.value.images.shape[0]).toBe(1);
      else expect(ended.reason).toEqual(failure("CANCELLED"));
    }
    expect(() => loader.start(0, Uint32Array.of(0), 0)).toThrow(failure("DISPOSED"));
    expect(() => loader.next()).toThrow(failure("DISPOSED"));
  });

  test("the pack may be disposed before its loader, which holds the pictures", async () => {
    const pack = await pets();
    const loader = openLoader(pack, small, plain);
    pack.native.dispose();
    pack.native.dispose();
    expect(() => pack.native.length).toThrow(failure("DISPOSED"));
    expect(() => openLoader(pack, small, plain)).toThrow(failure("DISPOSED"));
    loader.start(0, Uint32Array.of(0, 1, 2), 0);
    expect(await take(loader, 2)).toHaveLength(2);
    loader.dispose();
  });

  test("a picture that is not in the pack, and a batch of none", async () => {
    const pack = await pets();
    const loader = openLoader(pack, small, plain);
    expect(() => loader.start(0, Uint32Array.of(0, 3), 0)).toThrow(
      failure("BAD_OPTION", "indices under 3, got 3"),
    );
    loader.dispose();
    for (const wrong of [{ batch: 0 }, { workers: 0 }]) {
      expect(() => openLoader(pack, small, { ...plain, ...wrong })).toThrow(failure("BAD_OPTION"));
    }
  });
});
