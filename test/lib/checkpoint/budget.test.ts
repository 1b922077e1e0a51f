import { expect, test } from "vitest";
import { Budget } from "../../../lib/checkpoint/budget.js";
import { failure } from "../../support/small.js";

test("four times the file and 64 MiB, to the byte, in as many parts as one likes", () => {
  const budget = new Budget("f", 1000);
  expect([budget.limit, budget.taken]).toEqual([4000 + 64 * 2 ** 20, 0]);
  budget.take(budget.limit - 1, "much");
  budget.take(1, "one");
  expect(budget.taken).toBe(budget.limit);
  expect(() => budget.take(1, "tensor a")).toThrow(
    failure("BAD_CHECKPOINT", "f: ", `${budget.limit} bytes of memory`, "more with tensor a"),
  );
});

test.each([Number.POSITIVE_INFINITY, Number.NaN, 2 ** 60])("%d is too much at once", (bytes) => {
  expect(() => new Budget("f", 10).take(bytes, "it")).toThrow(failure("BAD_CHECKPOINT", "with it"));
});
