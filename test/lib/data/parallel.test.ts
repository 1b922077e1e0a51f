import fc from "fast-check";
import { expect, test } from "vitest";
import { eachOf, inOrder } from "../../../lib/data/parallel.js";

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

test("results come in the items' order, never more than the limit at once", async () => {
  const delays = fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(delays, fc.integer({ min: 1, max: 5 }), async (items, limit) => {
      let running = 0;
      let most = 0;
      const results: number[] = [];
      const work = async (delay: number, index: number) => {
        most = Math.max(most, ++running);
        await pause(delay);
        running--;
        return index;
      };
      for await (const index of inOrder(items, limit, work)) results.push(index);
      expect(results).toEqual(items.map((_, i) => i));
      expect(most).toBeLessThanOrEqual(limit);
    }),
    { numRuns: 30 },
  );
});

test("a failure comes in its turn, and what runs is waited for", async () => {
  const finished: number[] = [];
  const seen: number[] = [];
  const work = async (item: number) => {
    if (item === 2) throw new Error("two");
    await pause(5 * item);
    finished.push(item);
    return item;
  };
  const consume = async () => {
    for await (const item of inOrder([0, 1, 2, 3, 4, 5], 4, work)) seen.push(item);
  };
  await expect(consume()).rejects.toThrow("two");
  expect(seen).toEqual([0, 1]);
  const settled = finished.length;
  await pause(40);
  expect(finished).toHaveLength(settled);
});

test("a consumer that stops early leaves nothing running", async () => {
  let running = 0;
  const work = async (item: number) => {
    running++;
    await pause(5);
    running--;
    return item;
  };
  for await (const _ of inOrder([1, 2, 3, 4, 5, 6], 3, work)) break;
  expect(running).toBe(0);
});

test("work for its own sake does not wait for a slow item, and keeps to the limit", async () => {
  let running = 0;
  let most = 0;
  const finished: number[] = [];
  let begun = 0;
  await eachOf([0, 1, 2, 3, 4, 5], 2, () => {
    const worker = begun++;
    return async (item) => {
      most = Math.max(most, ++running);
      await pause(item === 0 ? 60 : 2);
      running--;
      finished.push(item);
      expect(worker).toBe(item === 0 ? 0 : 1);
    };
  });
  expect(finished).toEqual([1, 2, 3, 4, 5, 0]);
  expect([most, begun]).toEqual([2, 2]);
});

test("after a failure no more is begun, and what runs is waited for", async () => {
  const begun: number[] = [];
  let running = 0;
  const work = async (item: number) => {
    begun.push(item);
    running++;
    await pause(item === 1 ? 1 : 20);
    running--;
    if (item === 1) throw new Error("one");
  };
  await expect(eachOf([0, 1, 2, 3, 4], 2, () => work)).rejects.toThrow("one");
  expect([begun, running]).toEqual([[0, 1], 0]);
});
