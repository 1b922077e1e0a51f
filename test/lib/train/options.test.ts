import { expect, test } from "vitest";
import { parseOptions, shapeOf } from "../../../lib/options.js";
import { trainOptions } from "../../../lib/train/options.js";
import { failure, smallDetector } from "../../support/small.js";

const data = { spec: "x", read: () => Promise.reject(new Error("not read")) };

test("every option has a default, but for the data", () => {
  const { data: _, ...defaults } = trainOptions.parse({ data });
  expect(defaults).toMatchObject({
    epochs: 60,
    batch: 16,
    valFraction: 0.1,
    precision: "fp32",
    optimizer: { name: "adamw", lr: 1e-3, betas: [0.9, 0.999], weightDecay: 5e-4 },
    schedule: { name: "cosine", warmup: 1, stepSize: 1, gamma: 0.92 },
    freeze: { epochs: 0 },
    seed: 0,
    resume: false,
  });
  expect(defaults.ema).toBeUndefined();
  expect(trainOptions.parse({ data, ema: {} }).ema).toEqual({ decay: 0.9998, warmup: 2000 });
  expect(() => parseOptions(trainOptions, {}, "train options")).toThrow(
    failure("BAD_OPTION", '"data"', "a data source such as voc(dir)", "got undefined"),
  );
});

test("a teacher is a detector, and its options have the defaults of the paper", () => {
  const teacher = smallDetector();
  const { distill } = trainOptions.parse({ data, distill: { teacher, nu: 0 } });
  expect(distill).toMatchObject({ mu: 0.7, nu: 0, temperature: 1, negWeight: 1.5, soft: "ce" });
  expect(distill!.teacher).toBe(teacher);
  for (const wrong of [undefined, null, "file", {}, { preset: 1 }]) {
    const parse = () => parseOptions(trainOptions, { data, distill: { teacher: wrong } }, "t");
    expect(parse).toThrow(failure("BAD_OPTION", '"distill.teacher": expected a Detector'));
  }
});

test("every plain option says what it is, as the help of the command line", () => {
  const named = (schema: unknown, path: string[]): string[] =>
    Object.entries(shapeOf(schema) ?? {}).flatMap(([key, inner]) => {
      if (shapeOf(inner) !== undefined) return named(inner, [...path, key]);
      return inner.description === undefined ? [[...path, key].join(".")] : [];
    });
  // These arrive from code alone.
  expect(named(trainOptions, [])).toEqual(["data", "distill.teacher", "signal", "onEvent"]);
});
