import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Detector } from "../../../lib/detector.js";
import type { StepNumbers } from "../../../lib/native-session.js";
import { ops } from "../../../lib/ops.js";
import { type Preset, presets } from "../../../lib/presets.js";
import { Tensor } from "../../../lib/tensor.js";
import { trainOptions } from "../../../lib/train/options.js";
import {
  checkPair,
  lossTerms,
  openSession,
  renormalisation,
  stepFacts,
  stepResult,
} from "../../../lib/train/session.js";
import { Trainer } from "../../../lib/train/trainer.js";
import { failure, randomBatch, shapeClasses, small, smallDetector } from "../../support/small.js";

describe("teacher and student must fit", () => {
  const other = (preset: Partial<Preset>) => smallDetector(1, preset);
  const priors = { sizes: [8, 14, 30] };
  const cases: [string, () => Detector, string[]][] = [
    [
      "classes",
      () => Detector.create(small, { classes: ["circle", "star"] }),
      ["classes", '["circle","square","triangle"]', '["circle","star"]'],
    ],
    [
      "the order of classes",
      () => Detector.create(small, { classes: shapeClasses.toReversed() }),
      ["classes", '["triangle","square","circle"]'],
    ],
    ["priors", () => other(priors), ["priors' sizes", "[8,14,24]", "[8,14,30]"]],
    [
      "the steps of the cells",
      () => other({ steps: [8, 15] }),
      ["priors' steps", "[8,16]", "[8,15]"],
    ],
    [
      "the number of priors",
      () => other({ ratios: [[2], [2, 3]] }),
      ["number of priors", "80", "88"],
    ],
    ["clipping", () => other({ clip: false }), ["priors' clip", "true", "false"]],
    ["what is clipped", () => other({ clip: "corners" }), ["priors' clip", "true", '"corners"']],
    ["variances", () => other({ variances: [0.1, 0.1] }), ["variances", "[0.1,0.2]", "[0.1,0.1]"]],
    [
      "the input",
      () => Detector.create("ssd128-tiny", { classes: shapeClasses }),
      ["input size", "32", "128", "student small, teacher ssd128-tiny"],
    ],
  ];
  test.each(cases)("in %s; a mismatch names both values", (_what, make, parts) => {
    const [student, teacher] = [smallDetector(), make()];
    const expected = failure("BAD_OPTION", "distill", ...parts);
    expect(() => checkPair(student, teacher)).toThrow(expected);
    expect(() => new Trainer(student, { distill: { teacher } })).toThrow(expected);
  });

  test("and be two", () => {
    const student = smallDetector();
    expect(() => new Trainer(student, { distill: { teacher: student } })).toThrow(
      failure("BAD_OPTION", "the student itself"),
    );
  });

  test("but not share a backbone, a normalisation, BatchNorm's numbers or a decoder's bound", () => {
    const backbone = { kind: "stages" as const, channels: [3, 3, 3, 3], depth: 1 };
    const batchNorm = { eps: 1e-3, momentum: 0.03 };
    const teacher = other({ backbone, mean: [1, 2, 3], batchNorm, coderClip: 4 });
    expect(() => checkPair(smallDetector(), teacher)).not.toThrow();
  });
});

describe("the teacher sees the student's pixels", () => {
  const channel = fc.tuple(
    fc.double({ min: 0, max: 255, noNaN: true }),
    fc.double({ min: 0.5, max: 255, noNaN: true }),
  );
  const norm = fc.tuple(channel, channel, channel);
  const presetOf = (channels: [number, number][]): Preset => ({
    ...small,
    mean: channels.map(([mean]) => mean) as Preset["mean"],
    std: channels.map(([, std]) => std) as Preset["std"],
  });

  test("whatever the two normalisations are", () => {
    fc.assert(
      fc.property(norm, norm, fc.double({ min: 0, max: 255, noNaN: true }), (a, b, pixel) => {
        const [student, teacher] = [presetOf(a), presetOf(b)];
        const input = renormalisation(student, teacher);
        for (let c = 0; c < 3; c++) {
          const seen = (preset: Preset) => (pixel - preset.mean[c]!) / preset.std[c]!;
          const { scale, shift } = input ?? { scale: [1, 1, 1], shift: [0, 0, 0] };
          expect(seen(student) * scale[c]! + shift[c]!).toBeCloseTo(seen(teacher), 6);
        }
      }),
    );
  });

  test("and nothing is done where they agree", () => {
    expect(renormalisation(presets["ssd300-vgg16"], presets["ssd300-vgg13"])).toBeNull();
    const between = renormalisation(presets["ssd300-mobilenetv2"], presets["ssd300-vgg16"])!;
    expect(between.scale).toEqual(presets["ssd300-mobilenetv2"].std);
  });

  test("in a step: its losses are those of a teacher that was fed by hand", async () => {
    const caffe = { mean: [123, 117, 104], std: [1, 1, 1] } satisfies Partial<Preset>;
    const [student, teacher] = [smallDetector(1), smallDetector(2, caffe)];
    const { images, targets } = randomBatch(3);
    const side = small.size ** 2;
    const pixels = (images.toArray() as Float32Array).map((value, i) => {
      const c = Math.floor(i / side) % 3;
      return value * small.std[c]! + small.mean[c]! - caffe.mean[c]!;
    });
    const seen = Tensor.from(pixels, images.shape);
    const school = new Trainer(teacher);
    for (let i = 0; i < 10; i++) await school.step({ images: seen, targets });
    school.dispose();
    // With all BatchNorms frozen, a training step computes what evaluation does.
    const own = student.forward(images);
    const taught = teacher.forward(seen);
    const expected = ops.multiboxLossKd(own, taught, targets, student.priors);
    const trainer = new Trainer(student, { distill: { teacher }, freeze: ["stages."] });
    const { loss, numPositives } = await trainer.step({ images, targets });
    trainer.dispose();
    expect(expected.l2).toBeGreaterThan(0);
    for (const term of ["conf", "loc", "soft", "l2"] as const) {
      expect(loss[term]! / expected[term], term).toBeCloseTo(1, 4);
    }
    expect(numPositives).toBe(expected.numPositives);
    const { mu, nu } = trainOptions.shape.distill.unwrap().parse({ teacher });
    const total = (1 - mu) * loss.soft! + mu * loss.conf + nu * loss.l2! + loss.loc;
    expect(loss.total).toBeCloseTo(total, 4);
  });
});

const plain = {
  ...{ total: 3, conf: 2, loc: 1, numPositives: 1, unmatched: 0, dataMs: 0, stepMs: 0 },
  ...{ soft: null, l2: null, gradNorm: null, scale: null, skipped: false },
};

test("numbers of a step come under their names, with what is not there as null", () => {
  const numbers: StepNumbers = [3, 2, 1, null, null, 1, 0, null, null, 0, 0, 0];
  expect(stepResult(numbers)).toEqual(plain);
  expect(stepResult([9, 2, 1, 4, 0.5, 7, 6, 5, 8, 1, 0.25, 10])).toEqual({
    ...{ total: 9, conf: 2, loc: 1, soft: 4, l2: 0.5, numPositives: 7, unmatched: 6 },
    ...{ gradNorm: 5, scale: 8, skipped: true, dataMs: 0.25, stepMs: 10 },
  });
});

test("facts of a step are those its options ask for", () => {
  expect(stepFacts(plain)).toEqual({});
  expect(stepFacts({ ...plain, gradNorm: 0, scale: 2 })).toEqual({ gradNorm: 0, scale: 2 });
  expect(stepFacts({ ...plain, skipped: true })).toEqual({ skipped: true });
});

test("a graph is refused where there is no GPU", () => {
  const student = smallDetector();
  const options = trainOptions.partial({ data: true }).parse({ graph: {} });
  expect(() => openSession(student, options, [])).toThrow(
    failure("BAD_OPTION", "graph: expected a detector on a GPU", "cpu", "train without graph"),
  );
  // Nothing has the student since.
  openSession(student, { ...options, graph: undefined }, []).dispose();
});

test("terms of a step have no place for a teacher that is not there", () => {
  expect(lossTerms({ ...plain, soft: null, l2: null })).toEqual({ total: 3, conf: 2, loc: 1 });
  expect(lossTerms({ ...plain, soft: 4, l2: 0 })).toEqual({
    total: 3,
    conf: 2,
    loc: 1,
    soft: 4,
    l2: 0,
  });
});
