import fc from "fast-check";
import { expect, test } from "vitest";
import { inTurn, median, ratios, repeated, spreadOf } from "../../../lib/bench/rounds.js";
import { failure } from "../../support/small.js";

test("contenders are measured in turn, round by round", async () => {
  const order: string[] = [];
  const contender = (name: string) => async () => order.push(name);
  const times = await inTurn({ ours: contender("ours"), peer: contender("peer") }, 3);
  expect(order).toEqual(["ours", "peer", "ours", "peer", "ours", "peer"]);
  expect(times).toEqual({ ours: [1, 3, 5], peer: [2, 4, 6] });
});

test("a signal stops between two measurements", async () => {
  const controller = new AbortController();
  let measured = 0;
  const contenders = {
    first: async () => {
      controller.abort();
      return ++measured;
    },
    second: async () => ++measured,
  };
  await expect(inTurn(contenders, 5, controller.signal)).rejects.toEqual(
    failure("CANCELLED", "round 1 of 5"),
  );
  expect(measured).toBe(1);
});

test("what a contender throws ends the rounds", async () => {
  const broken = async () => Promise.reject(new Error("broken"));
  await expect(inTurn({ broken }, 2)).rejects.toThrow("broken");
});

test("work is repeated for about so long, once at least", async () => {
  let times = 0;
  const ms = await repeated(0.05, async () => {
    times++;
    await new Promise((resolve) => setTimeout(resolve, 10));
  });
  expect(times).toBeGreaterThan(1);
  expect(times).toBeLessThan(7);
  expect(ms).toBeGreaterThan(9);
  times = 0;
  await repeated(0.000001, () => times++);
  expect(times).toBeGreaterThanOrEqual(1);
});

test("the median lies in the middle, whatever the order", () => {
  expect(spreadOf([3, 1, 2])).toEqual({ min: 1, median: 2, max: 3 });
  expect(median([4, 1, 3, 2])).toBe(2.5);
  const values = fc.array(fc.double({ noNaN: true, min: 1e-3, max: 1e6 }), { minLength: 1 });
  fc.assert(
    fc.property(values, (list) => {
      const { min, median: middle, max } = spreadOf(list);
      expect([min, max]).toEqual([Math.min(...list), Math.max(...list)]);
      const below = list.filter((value) => value < middle).length;
      const above = list.filter((value) => value > middle).length;
      expect(Math.max(below, above)).toBeLessThanOrEqual(list.length / 2);
      expect(spreadOf([...list].reverse())).toEqual(spreadOf(list));
    }),
  );
});

test("a ratio over 1 says that theirs took longer", () => {
  expect(ratios([10, 9], [2, 3])).toEqual([5, 3]);
});
