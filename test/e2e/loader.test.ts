import { createHash, type Hash } from "node:crypto";
import { readdirSync } from "node:fs";
import { beforeEach, expect, test } from "vitest";
import { openLoader, openPictures } from "../../lib/data/loader.js";
import { shuffled } from "../../lib/data/order.js";
import type { NativeLoader } from "../../lib/native-loader.js";
import { augmentOptions } from "../../lib/train/options.js";
import { ownCache, shapes, small } from "../support/small.js";

// What a long run asks of the loader: the same bytes whatever the threads and restarts, nothing that grows.

beforeEach(() => {
  ownCache();
});

const batch = 3;
/** Of twelve pictures. */
const perEpoch = 4;
const everything = augmentOptions.parse({ mosaic: 0.3, mixup: 0.2 });

/** Takes batches from..to of a run, epoch after epoch. */
async function take(
  loader: NativeLoader,
  from: number,
  to: number,
  look: (batch: Awaited<ReturnType<NativeLoader["next"]>>) => void,
): Promise<void> {
  for (let number = from; number < to; number++) {
    const epoch = Math.floor(number / perEpoch);
    if (number === from || number % perEpoch === 0) {
      loader.start(epoch, shuffled(12, 5, epoch), number % perEpoch);
    }
    const made = await loader.next();
    look(made);
    made.images.dispose();
  }
}

test("the first 100 batches have one digest for 1, 2 and 4 threads and after a restart in mid-epoch", async () => {
  const pack = await openPictures(await shapes().read());
  const open = (workers: number) =>
    openLoader(pack, small, { batch, seed: 5, workers, augment: everything });
  const hashed = (hash: Hash) => (made: Awaited<ReturnType<NativeLoader["next"]>>) => {
    hash.update(new Uint8Array(made.images.bytes()));
    for (const { boxes, labels } of made.targets) hash.update(boxes).update(labels);
    hash.update(Uint32Array.from(made.indices));
  };
  const digests = new Set<string>();
  for (const workers of [1, 2, 4]) {
    const hash = createHash("sha256");
    const loader = open(workers);
    await take(loader, 0, 100, hashed(hash));
    loader.dispose();
    digests.add(hash.digest("hex"));
  }
  const hash = createHash("sha256");
  // 38 is in the middle of the tenth epoch; whoever goes on is another loader.
  for (const [from, to] of [
    [0, 38],
    [38, 100],
  ] as const) {
    const loader = open(2);
    await take(loader, from, to, hashed(hash));
    loader.dispose();
  }
  digests.add(hash.digest("hex"));
  expect(digests.size).toBe(1);
});

test("memory stays flat over 5000 batches, and so does the number of open files", async () => {
  const pack = await openPictures(await shapes().read());
  const files = () => readdirSync("/proc/self/fd").length;
  const loader = openLoader(pack, small, { batch, seed: 5, workers: 2, augment: everything });
  let boxes = 0;
  const count = (made: Awaited<ReturnType<NativeLoader["next"]>>) => {
    for (const { labels } of made.targets) boxes += labels.length;
  };
  await take(loader, 0, 1000, count);
  const [memory, open] = [process.memoryUsage().rss, files()];
  await take(loader, 1000, 5000, count);
  expect(boxes).toBeGreaterThan(5000);
  // A batch is 37 kB: had they been kept, it would be 147 MB.
  expect(process.memoryUsage().rss - memory).toBeLessThan(24e6);
  expect(files()).toBe(open);
  loader.dispose();
}, 60_000);
