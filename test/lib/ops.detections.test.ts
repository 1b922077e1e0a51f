import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Detections, type Output, ops } from "../../lib/ops.js";
import type { DetectionsOptions } from "../../lib/options.js";
import { Tensor } from "../../lib/tensor.js";
import { failure, numbers } from "../support/small.js";

// Three priors apart from each other, and one nearly on the first.
const priors = [
  [0.2, 0.2, 0.2, 0.2],
  [0.6, 0.6, 0.2, 0.2],
  [0.95, 0.05, 0.3, 0.3],
  [0.21, 0.2, 0.2, 0.2],
];

/** Outputs of one picture whose softmax is these probabilities, a row a prior. */
function output(rows: number[][], loc: number[][] = rows.map(() => [0, 0, 0, 0])): Output {
  const conf = rows.flat().map(Math.log);
  return {
    loc: Tensor.from(loc.flat(), [1, rows.length, 4]),
    conf: Tensor.from(conf, [1, rows.length, rows[0]!.length]),
  };
}

const sure = [
  [0.1, 0.8, 0.1],
  [0.3, 0.1, 0.6],
  [0.98, 0.01, 0.01],
  [0.2, 0.7, 0.1],
];

function only(found: Detections[]): Detections {
  expect(found).toHaveLength(1);
  return found[0]!;
}

const close = (values: number[]) => values.map((value) => expect.closeTo(value, 5));

describe("detections", () => {
  test("are labels, scores and corners, best first, without what overlaps a better one", () => {
    const { boxes, labels, scores } = only(
      ops.detections(output(sure), priors, { minScore: 0.5, iou: 0.45 }),
    );
    expect(boxes).toBeInstanceOf(Float32Array);
    expect(labels).toEqual(Int32Array.of(0, 1));
    expect([...scores]).toEqual(close([0.8, 0.6]));
    expect([...boxes]).toEqual(close([0.1, 0.1, 0.3, 0.3, 0.5, 0.5, 0.7, 0.7]));
  });

  test("obey each option", () => {
    const scores = (options: DetectionsOptions) => [
      ...only(ops.detections(output(sure), priors, options)).scores,
    ];
    expect(scores({ minScore: 0.5, iou: 1 })).toEqual(close([0.8, 0.7, 0.6]));
    expect(scores({ minScore: 0.75 })).toEqual(close([0.8]));
    expect(scores({ minScore: 0.5, iou: 1, topK: 1 })).toEqual(close([0.8, 0.6]));
    expect(scores({ minScore: 0.5, iou: 1, maxDetections: 2 })).toEqual(close([0.8, 0.7]));
  });

  test("move the priors by the variances, up to the coder's bound, and stay in the picture", () => {
    const far = [[1, 0, 0, 10], ...priors.slice(1).map(() => [0, 0, 0, 0])];
    const box = (options: DetectionsOptions) => {
      const found = ops.detections(output(sure, far), priors, { maxDetections: 1, ...options });
      return [...only(found).boxes];
    };
    const tall = 0.1 * Math.exp(1);
    expect(box({ variances: [0.5, 0.1] })).toEqual(close([0.2, 0, 0.4, 0.2 + tall]));
    expect(box({})).toEqual(close([0.12, 0, 0.32, 0.2 + 0.1 * Math.exp(2)]));
    expect(box({ coderClip: Math.log(1.5) })).toEqual(close([0.12, 0.05, 0.32, 0.35]));
    expect(box({ coderClip: null })).toEqual(box({}));
  });

  test("hold, whatever comes: order, ranges, numbers", () => {
    const logit = fc.double({ min: -4, max: 4, noNaN: true });
    const row = fc.array(logit, { minLength: 4, maxLength: 4 });
    const picture = fc.array(row, { minLength: 4, maxLength: 4 });
    const pictures = fc.array(fc.tuple(picture, picture), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(pictures, fc.integer({ min: 1, max: 9 }), (batch, maxDetections) => {
        const stack = (part: 0 | 1) =>
          Tensor.from(batch.map((both) => both[part]).flat(2), [batch.length, 4, 4]);
        const options = { iou: 0.3, minScore: 0.1, maxDetections };
        const found = ops.detections({ loc: stack(0), conf: stack(1) }, priors, options);
        expect(found).toHaveLength(batch.length);
        for (const { boxes, labels, scores } of found) {
          expect(scores.length).toBeLessThanOrEqual(maxDetections);
          expect([labels.length, boxes.length]).toEqual([scores.length, 4 * scores.length]);
          expect([...scores]).toEqual([...scores].sort((a, b) => b - a));
          for (const score of scores) expect(score).toBeGreaterThanOrEqual(Math.fround(0.1));
          for (const label of labels) expect([0, 1, 2]).toContain(label);
          for (const side of boxes) expect(side >= 0 && side <= 1).toBe(true);
        }
      }),
    );
  });

  test("keep no pair of a class over the IoU", () => {
    const score = fc.double({ min: 0.05, max: 0.95, noNaN: true });
    const limit = fc.constantFrom(0, 0.3, 0.6, 0.95);
    fc.assert(
      fc.property(fc.array(score, { minLength: 4, maxLength: 4 }), limit, (list, iou) => {
        const { boxes } = only(
          ops.detections(output(list.map((p) => [1 - p, p])), priors, { iou, minScore: 0 }),
        );
        const corners = Tensor.from(boxes, [boxes.length / 4, 4]);
        const overlaps = numbers(ops.jaccard(corners, corners));
        const own = boxes.length / 4;
        overlaps.forEach((overlap, i) => {
          if (i % (own + 1) !== 0) expect(overlap).toBeLessThanOrEqual(iou + 1e-5);
        });
      }),
    );
  });

  test("without a prior, or without a score, are none", () => {
    const none = {
      boxes: new Float32Array(),
      labels: new Int32Array(),
      scores: new Float32Array(),
    };
    expect(ops.detections(output(sure), priors, { minScore: 0.99 })).toEqual([none]);
    const empty = (sides: number[]) => Tensor.from(new Float32Array(), sides);
    const nothing = { loc: empty([2, 0, 4]), conf: empty([2, 0, 3]) };
    expect(ops.detections(nothing, empty([0, 4]))).toEqual([none, none]);
  });
});

describe("what does not fit is one sentence", () => {
  const { loc, conf } = output(sure);
  const zeros = (...sides: number[]) =>
    Tensor.from(new Float32Array(sides.reduce((a, b) => a * b, 1)), sides);
  const whole = Tensor.from(new Int32Array(12), [1, 4, 3]);
  const cases: [string, () => unknown, string][] = [
    [
      "fewer priors",
      () => ops.detections({ loc, conf }, priors.slice(1)),
      "loc of shape [-1, 3, 4]",
    ],
    ["logits of others", () => ops.detections({ loc, conf: zeros(1, 5, 3) }, priors), "[1, 4, -1]"],
    ["offsets of one picture", () => ops.detections({ loc: zeros(4, 4), conf }, priors), "loc"],
    ["whole numbers", () => ops.detections({ loc, conf: whole }, priors), "floating"],
    [
      "an option misspelled",
      () => ops.detections({ loc, conf }, priors, { minscore: 0.5 } as DetectionsOptions),
      'did you mean "minScore"?',
    ],
    [
      "one variance",
      () => ops.detections({ loc, conf }, priors, { variances: [0.1] as never }),
      "variances",
    ],
    ["no detections", () => ops.detections({ loc, conf }, priors, { maxDetections: 0 }), "got 0"],
  ];
  test.each(cases)("%s", (_what, run, part) => {
    expect(run).toThrow(failure("BAD_OPTION", part));
  });
});
