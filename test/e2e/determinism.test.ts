import { beforeEach, describe, expect, test } from "vitest";
import type { DataSource } from "../../lib/data/dataset.js";
import { type TrainOptions, train } from "../../lib/train/run.js";
import { digests, ownCache, shapes, smallDetector } from "../support/small.js";

beforeEach(() => {
  ownCache();
});

/** Losses of all steps and the weights at the end. */
async function trace(data: DataSource, more: Partial<TrainOptions> = {}, seed = 0) {
  const student = smallDetector(seed);
  const run = train(student, { data, epochs: 3, batch: 2, threads: 1, ...more });
  const losses: number[] = [];
  for await (const { loss } of run) losses.push(loss.total, loss.conf, loss.loc);
  const { best } = await run.done;
  return { losses, best, weights: digests(student) };
}

describe("on one thread a run is a function of its options, to the bit", () => {
  test("whatever the number of workers that make its batches", async () => {
    const data = shapes();
    const one = await trace(data);
    expect(one.losses).toHaveLength(3 * 5 * 3);
    expect(await trace(data, { workers: 3 })).toEqual(one);
    expect(await trace(data, { workers: 2 })).toEqual(one);
  });

  test("whatever else runs beside it", async () => {
    const data = shapes();
    const alone = await trace(data);
    const together = await Promise.all([trace(data), trace(data, { seed: 5 }), trace(data)]);
    expect([together[0], together[2]]).toEqual([alone, alone]);
  });

  test("whether or not it is listened to, saved or measured in between", async () => {
    const data = shapes();
    const quiet = await trace(data);
    const loud = await trace(data, { onEvent: () => {}, evalEvery: 2 });
    expect([loud.losses, loud.weights]).toEqual([quiet.losses, quiet.weights]);
  });

  test("and another run with another seed, start or order", async () => {
    const data = shapes();
    const one = await trace(data);
    const none = { photometric: false, expand: false, crop: false, mirror: false };
    for (const other of [
      await trace(data, { seed: 1 }),
      await trace(data, {}, 1),
      await trace(data, { augment: none }),
      await trace(data, { optimizer: { weightDecay: 0.1 } }),
    ]) {
      expect(other.losses).not.toEqual(one.losses);
      expect(other.weights).not.toEqual(one.weights);
    }
  });
});
