import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import {
  detectOptions,
  kdOptions,
  lossOptions,
  matchOptions,
  parseOptions,
  resolveDetect,
  resolveLoss,
  shapeOf,
} from "../../lib/options.js";
import { scheduleOptions, trainOptions } from "../../lib/train/options.js";
import { failure } from "../support/small.js";

const schema = z.strictObject({
  depth: z.int().positive().default(3),
  mode: z.enum(["fast", "slow"]).default("fast"),
  inner: z
    .strictObject({
      rate: z.number().default(0.5),
      deep: z.strictObject({ leaf: z.boolean() }).optional(),
    })
    .prefault({}),
});

describe("parseOptions", () => {
  test("fills in the defaults, also of nothing", () => {
    const defaults = { depth: 3, mode: "fast", inner: { rate: 0.5 } };
    for (const input of [undefined, null, {}]) {
      expect(parseOptions(schema, input, "test")).toEqual(defaults);
    }
    expect(parseOptions(schema, { inner: { rate: 1 }, depth: 5 }, "test")).toEqual({
      ...defaults,
      depth: 5,
      inner: { rate: 1 },
    });
  });

  const wrong: [string, unknown, string[]][] = [
    ["an unknown key", { dept: 1 }, ['unknown option "dept"', 'did you mean "depth"?', "mode"]],
    [
      "an unknown key inside",
      { inner: { rote: 1 } },
      ['unknown option "inner.rote"', 'did you mean "rate"?', "(known: rate, deep)"],
    ],
    [
      "an unknown key deeper inside",
      { inner: { deep: { leaf: true, loaf: 1 } } },
      ['unknown option "inner.deep.loaf"', 'did you mean "leaf"?'],
    ],
    ["a key like no other", { zzzzzzzz: 1 }, ['unknown option "zzzzzzzz" (known: depth']],
    ["another type", { depth: "3" }, ['option "depth"', "expected", 'got "3"']],
    ["a value out of bounds", { depth: -1 }, ['option "depth"', "got -1"]],
    ["NaN", { inner: { rate: Number.NaN } }, ['option "inner.rate"', "got NaN"]],
    ["a choice misspelled", { mode: "fats" }, ['option "mode"', 'did you mean "fast"?']],
    ["an array for an object", { inner: [] }, ['option "inner"', "got Array"]],
    ["null for a number", { depth: null }, ['option "depth"', "got null"]],
    ["no object at all", 7, ["test: expected object", "got 7"]],
  ];
  test.each(wrong)("%s is one sentence", (_what, input, parts) => {
    expect(() => parseOptions(schema, input, "test")).toThrow(
      failure("BAD_OPTION", "test", ...parts),
    );
  });

  test("every misspelling of an option of train names an option that exists", () => {
    const keys = fc.constantFrom(...Object.keys(trainOptions.shape));
    fc.assert(
      fc.property(keys, fc.stringMatching(/^[a-z]$/), (key, letter) => {
        const misspelled = `${key}${letter}`;
        fc.pre(!(misspelled in trainOptions.shape));
        const parse = () => parseOptions(trainOptions.partial(), { [misspelled]: 1 }, "train");
        expect(parse).toThrow(failure("BAD_OPTION", `"${misspelled}"; did you mean "`));
      }),
    );
  });
});

describe("the shape of a schema", () => {
  test("is found under defaults and optionals", () => {
    const object = z.strictObject({ a: z.number() });
    for (const wrapped of [object, object.optional(), object.prefault({ a: 1 }).optional()]) {
      expect(Object.keys(shapeOf(wrapped)!)).toEqual(["a"]);
    }
    expect(shapeOf(z.number())).toBeUndefined();
    expect(shapeOf(undefined)).toBeUndefined();
  });
});

describe("defaults are those of the papers", () => {
  test("matching and mining", () => {
    expect(matchOptions.parse({})).toEqual({
      overlapThreshold: 0.5,
      negPosRatio: 3,
      negativesForHard: 100,
      conflict: "last",
      compat: "none",
    });
  });

  test("distillation", () => {
    expect(kdOptions.parse({})).toEqual({
      temperature: 1,
      negWeight: 1.5,
      posWeight: 1,
      margin: 0,
      soft: "ce",
      mu: 0.7,
      nu: 0.5,
    });
  });

  test("variances are the preset's unless they are given", () => {
    const options = lossOptions.parse({});
    expect(resolveLoss(options).variances).toEqual([0.1, 0.2]);
    expect(resolveLoss(options, [0.3, 0.4]).variances).toEqual([0.3, 0.4]);
    const given = lossOptions.parse({ variances: [1, 2] });
    expect(resolveLoss(given, [0.3, 0.4]).variances).toEqual([1, 2]);
  });
});

test("the bound of decoded sides is the preset's unless one, or none, is given", () => {
  const resolved = (input: object, preset: number | null) =>
    resolveDetect(detectOptions.parse(input), preset).coderClip;
  expect([resolved({}, 4), resolved({}, null)]).toEqual([4, null]);
  expect([resolved({ coderClip: 2 }, 4), resolved({ coderClip: null }, 4)]).toEqual([2, null]);
});

describe("bounds", () => {
  test.each([
    [lossOptions, { overlapThreshold: 1.1 }],
    [lossOptions, { variances: [0.1] }],
    [lossOptions, { variances: [0, 0.2] }],
    [lossOptions, { mu: -0.1 }],
    [lossOptions, { temperature: 0 }],
    [detectOptions, { minScore: 2 }],
    [detectOptions, { topK: 0 }],
    [detectOptions, { coderClip: "4" }],
    [detectOptions, { maxDetections: 1.5 }],
    [scheduleOptions, { warmup: -1 }],
    [scheduleOptions, { gamma: 0 }],
  ])("case %#: %j", (options, input) => {
    const [key] = Object.keys(input);
    expect(() => parseOptions(options as z.ZodType, input, "x")).toThrow(
      failure("BAD_OPTION", `option "${key}`),
    );
  });
});
