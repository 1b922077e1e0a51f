import { expect, test } from "vitest";
import { z } from "zod";
import { cacheShape, checkCache } from "../../../lib/data/cache-options.js";
import { parseOptions } from "../../../lib/options.js";
import { failure } from "../../support/small.js";

const schema = z.strictObject(cacheShape);

test("pictures are kept on the disk, whole, unless it is asked for otherwise", () => {
  expect(parseOptions(schema, {}, "options")).toEqual({ cache: "disk" });
  expect(() => parseOptions(schema, { cache: "rom" }, "options")).toThrow(
    failure("BAD_OPTION", '"cache"', '"rom"', 'did you mean "ram"?'),
  );
  expect(() => parseOptions(schema, { maxSide: 0 }, "options")).toThrow(failure("BAD_OPTION"));
});

test("the memory of a GPU wants a GPU", () => {
  expect(() => checkCache("gpu", "cpu")).toThrow(failure("BAD_OPTION", '"cache"', "on the CPU"));
  checkCache("gpu", "cuda:0");
  for (const cache of ["disk", "ram", "none"] as const) checkCache(cache, "cpu");
});
