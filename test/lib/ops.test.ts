import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Output, ops, type Target } from "../../lib/ops.js";
import type { LossOptions } from "../../lib/options.js";
import { Tensor } from "../../lib/tensor.js";
import { failure, numbers, small } from "../support/small.js";

const side = fc.double({ min: 0.05, max: 0.5, noNaN: true });
const corner = fc.double({ min: 0, max: 0.5, noNaN: true });
const box = fc.tuple(corner, corner, side, side).map(([x, y, w, h]) => [x, y, x + w, y + h]);
const boxes = fc.array(box, { minLength: 1, maxLength: 8 });
const target = boxes.chain((list) =>
  fc
    .array(fc.nat(2), { minLength: list.length, maxLength: list.length })
    .map((labels): Target => ({ boxes: list, labels })),
);
const priors = ops.priorBoxes(small);
const count = priors.shape[0]!;

/** Outputs of a batch of one with numbers that depend on the place alone. */
function output(scale = 1, classes = 4): Output {
  const wave = (length: number) =>
    Float32Array.from({ length }, (_, i) => scale * Math.sin(1 + i * 1.7));
  return {
    loc: Tensor.from(wave(count * 4), [1, count, 4]),
    conf: Tensor.from(wave(count * classes), [1, count, classes]),
  };
}

describe("boxes", () => {
  test("IoU is symmetric, between 0 and 1, and 1 of a box with itself", () => {
    fc.assert(
      fc.property(boxes, boxes, (a, b) => {
        const iou = numbers(ops.jaccard(a, b));
        expect(Math.min(...iou)).toBeGreaterThanOrEqual(0);
        expect(Math.max(...iou)).toBeLessThanOrEqual(1 + 1e-6);
        const back = numbers(ops.jaccard(b, a));
        for (let i = 0; i < a.length; i++) {
          for (let j = 0; j < b.length; j++) {
            expect(iou[i * b.length + j]).toBe(back[j * a.length + i]);
          }
        }
        const own = ops.jaccard(a, a).toArray();
        for (let i = 0; i < a.length; i++) expect(own[i * a.length + i]).toBeCloseTo(1, 5);
      }),
    );
  });

  test("decode undoes encode", () => {
    const pairs = fc.array(fc.tuple(box, box), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(pairs, (list) => {
        const truth = list.map(([first]) => first);
        const centres = list.map(([, [x1, y1, x2, y2]]) => [
          (x1! + x2!) / 2,
          (y1! + y2!) / 2,
          x2! - x1!,
          y2! - y1!,
        ]);
        const back = numbers(ops.decode(ops.encode(truth, centres), centres));
        truth.flat().forEach((value, i) => {
          expect(back[i]).toBeCloseTo(value!, 4);
        });
      }),
    );
  });

  test("non-maximum suppression keeps what overlaps nothing better, best first", () => {
    const scored = fc.array(fc.tuple(box, fc.float({ min: 0, max: 1, noNaN: true })), {
      minLength: 1,
      maxLength: 12,
    });
    fc.assert(
      fc.property(scored, fc.constantFrom(0.3, 0.5, 0.7), (list, limit) => {
        const all = list.map(([corners]) => corners);
        const scores = list.map(([, score]) => score);
        const kept = numbers(ops.nms(all, scores, limit));
        const iou = numbers(ops.jaccard(all, all));
        const over = (i: number, j: number) => iou[i * all.length + j]! - limit;
        for (const [place, i] of kept.entries()) {
          if (place > 0) expect(scores[kept[place - 1]!]).toBeGreaterThanOrEqual(scores[i]!);
          for (const j of kept) if (i !== j) expect(over(i, j)).toBeLessThan(1e-5);
        }
        for (const i of all.keys()) {
          if (kept.includes(i)) continue;
          const better = kept.filter((j) => over(i, j) > -1e-5 && scores[j]! >= scores[i]!);
          expect(better, `box ${i}`).not.toEqual([]);
        }
      }),
    );
  });

  test("priors of a preset by name, by object, and as rows", () => {
    expect(ops.priorBoxes("ssd300-vgg16").shape).toEqual([8732, 4]);
    expect(priors.shape).toEqual([4 * 4 * 4 + 2 * 2 * 4, 4]);
    const [cx, cy, w, h] = numbers(priors) as [number, number, number, number];
    expect([cx, cy]).toEqual([4 / 32, 4 / 32]);
    expect([w, h]).toEqual([8 / 32, 8 / 32]);
  });
});

describe("a bound of decoded sides", () => {
  const prior = [[0.5, 0.5, 0.1, 0.2]];

  test("holds where it is given, and nowhere else", () => {
    const offset = fc.float({ min: -20, max: 20, noNaN: true });
    fc.assert(
      fc.property(offset, offset, (dw, dh) => {
        const sides = (clip: number | null) => {
          const box = numbers(ops.decode([[0, 0, dw, dh]], prior, [0.1, 0.2], clip));
          return [box[2]! - box[0]!, box[3]! - box[1]!];
        };
        const [width, height] = sides(Math.log(3));
        expect(width).toBeCloseTo(0.1 * Math.min(3, Math.exp(0.2 * dw)), 5);
        expect(height).toBeCloseTo(0.2 * Math.min(3, Math.exp(0.2 * dh)), 5);
        expect(sides(100)).toEqual(sides(null));
      }),
    );
  });
});

describe("priors of the presets", () => {
  test("clipped by their corners, they lie inside the picture", () => {
    const inside = ops.priorBoxes("ssd300-mobilenetv2-bubbliiiing");
    const zeros = Tensor.from(new Float32Array(3000 * 4), [3000, 4]);
    for (const side of numbers(ops.decode(zeros, inside))) {
      expect(side).toBeGreaterThanOrEqual(-1e-6);
      expect(side).toBeLessThanOrEqual(1 + 1e-6);
    }
  });

  test("clipped in their sizes alone, some centres lie outside", () => {
    const rows = numbers(ops.priorBoxes("ssd300-vgg16-torchvision"));
    const largest = [0, 1, 2, 3].map((k) =>
      rows.reduce((most, side, i) => (i % 4 === k ? Math.max(most, side) : most), 0),
    );
    const edge = (9.5 * 32) / 300;
    expect(largest).toEqual([edge, edge, 1, 1].map((side) => expect.closeTo(side, 6)));
  });
});

describe("matching", () => {
  test("a class is a label and one, the background 0, and every truth has a prior or is counted", () => {
    fc.assert(
      fc.property(target, (truth) => {
        const { loc, classes, unmatched } = ops.match([truth], priors);
        expect([classes.shape, classes.dtype, loc.shape]).toEqual([
          [1, count],
          "int32",
          [1, count, 4],
        ]);
        const found = numbers(classes);
        const positive = found.filter((value) => value > 0);
        const left = unmatched.item();
        expect(positive.length).toBeGreaterThanOrEqual(truth.labels.length - left);
        const known = Array.from(truth.labels, (label) => label + 1);
        for (const value of positive) expect(known).toContain(value);
        const offsets = numbers(loc);
        found.forEach((value, i) => {
          const own = offsets.slice(4 * i, 4 * i + 4);
          if (value === 0) expect(own.every((offset) => offset === 0)).toBe(true);
        });
      }),
    );
  });

  test("a picture without truths is all background", () => {
    const { loc, classes, unmatched } = ops.match([{ boxes: [], labels: [] }], priors);
    expect(new Set([...numbers(classes), ...numbers(loc)])).toEqual(new Set([0]));
    expect(unmatched.item()).toBe(0);
  });

  test("a flat Float32Array is the same as rows", () => {
    const rows = [
      [0.1, 0.2, 0.6, 0.7],
      [0.5, 0.5, 0.9, 0.8],
    ];
    const labels = [0, 2];
    const flat = ops.match([{ boxes: Float32Array.from(rows.flat()), labels }], priors);
    const asRows = ops.match([{ boxes: rows, labels: Int32Array.from(labels) }], priors);
    expect(flat.classes.toArray()).toEqual(asRows.classes.toArray());
    expect(flat.loc.toArray()).toEqual(asRows.loc.toArray());
  });
});

describe("distillation", () => {
  const truth: Target[] = [{ boxes: [[0.1, 0.1, 0.6, 0.5]], labels: [1] }];

  test("with weights of zero is the plain loss to the bit", () => {
    const plain = ops.multiboxLoss(output(), truth, priors);
    const kd = ops.multiboxLossKd(output(), output(3), truth, priors, { mu: 1, nu: 0 });
    expect([kd.conf, kd.loc, kd.numPositives]).toEqual([plain.conf, plain.loc, plain.numPositives]);
    expect(kd.gradConf.toArray()).toEqual(plain.gradConf.toArray());
    expect(kd.gradLoc.toArray()).toEqual(plain.gradLoc.toArray());
    expect(kd.soft).toBeGreaterThan(0);
  });

  test("a teacher that says what the student says bounds nothing, and teaches nothing", () => {
    const options: LossOptions = { soft: "kl", mu: 0 };
    const own = ops.multiboxLossKd(output(), output(), truth, priors, options);
    expect(own.l2).toBe(0);
    expect(own.soft).toBeCloseTo(0, 5);
    for (const slope of numbers(own.gradConf)) expect(slope).toBeCloseTo(0, 5);
  });
});

describe("what does not fit is one sentence", () => {
  const tensor = (shape: number[]) =>
    Tensor.from(new Float32Array(shape.reduce((a, b) => a * b, 1)), shape);
  const one: Target[] = [{ boxes: [[0.1, 0.1, 0.5, 0.5]], labels: [0] }];
  const cases: [string, () => unknown, string][] = [
    ["boxes of five", () => ops.jaccard(tensor([2, 5]), tensor([2, 4])), "shape [2,5]"],
    ["boxes in one row", () => ops.jaccard(tensor([4]), tensor([2, 4])), "shape [4]"],
    [
      "ragged rows",
      () =>
        ops.jaccard(
          [
            [1, 2, 3],
            [0, 0, 1, 1, 1],
          ],
          tensor([2, 4]),
        ),
      "rows of 3, 5",
    ],
    ["integers", () => ops.jaccard(Tensor.from(new Int32Array(4), [1, 4]), priors), "floating"],
    ["fewer boxes than priors", () => ops.encode(tensor([3, 4]), tensor([2, 4])), "[..., 2, 4]"],
    ["one variance", () => ops.decode(tensor([2, 4]), tensor([2, 4]), [0.1]), "two numbers, got 1"],
    ["another number of scores", () => ops.nms(tensor([2, 4]), [1], 0.5), "shape [2]"],
    ["an IoU of NaN", () => ops.nms(tensor([2, 4]), [1, 1], Number.NaN), "got NaN"],
    [
      "two targets for one picture",
      () => ops.multiboxLoss(output(), [...one, ...one], priors),
      "conf",
    ],
    ["logits of other priors", () => ops.multiboxLoss(output(), one, tensor([3, 4])), "[1, 3, -1]"],
    [
      "a teacher with other classes",
      () => ops.multiboxLossKd(output(), output(1, 3), one, priors),
      "the teacher's conf of shape [1, 80, 4] (-1 is any), got [1, 80, 3]",
    ],
    [
      "an option misspelled",
      () => ops.match(one, priors, { overlapTreshold: 0.5 } as LossOptions),
      'did you mean "overlapThreshold"?',
    ],
  ];
  test.each(cases)("%s", (_what, run, part) => {
    expect(run).toThrow(failure("BAD_OPTION", part));
  });

  const good = [0.1, 0.1, 0.5, 0.5];
  const bad: [string, Target, string[]][] = [
    ["NaN", { boxes: [good, [0.1, Number.NaN, 0.5, 0.5]], labels: [0, 0] }, ["box 1", "NaN"]],
    ["infinity", { boxes: [[0.1, 0.1, Number.POSITIVE_INFINITY, 0.5]], labels: [0] }, ["box 0"]],
    ["no width", { boxes: [[0.5, 0.1, 0.5, 0.5]], labels: [0] }, ["box 0", "x2 > x1"]],
    ["turned round", { boxes: [[0.5, 0.5, 0.1, 0.1]], labels: [0] }, ["box 0", "[0.5, 0.5, 0.1"]],
    [
      "a place left of the picture",
      { boxes: [good, [-0.4, 0.1, 0, 0.5]], labels: [0, 0] },
      ["box 1"],
    ],
    ["a place right of it", { boxes: [[1, 0.1, 1.5, 0.5]], labels: [0] }, ["box 0", "0 to 1"]],
    ["a place above it", { boxes: [[0.1, -0.5, 0.5, -0.1]], labels: [0] }, ["[0.1", "-0.5"]],
    ["a place below it", { boxes: [[0.1, 1.1, 0.5, 1.2]], labels: [0] }, ["on the picture"]],
    ["a label below 0", { boxes: [good], labels: [-1] }, ["box 0", "got -1"]],
    ["half a label", { boxes: [good], labels: [0.5] }, ["box 0", "got 0.5"]],
    ["a label of no class", { boxes: [good], labels: [3] }, ["box 0", "from 0 to 2, got 3"]],
    ["a label without a box", { boxes: [good], labels: [0, 1] }, ["2 labels, got 4"]],
    [
      "rows of 3 and 5",
      {
        boxes: [
          [0, 0, 1],
          [0, 0, 1, 1, 1],
        ],
        labels: [0, 0],
      },
      ["4 numbers"],
    ],
  ];
  test("a truth that reaches outside is matched as it is", () => {
    const { classes } = ops.match([{ boxes: [[-0.2, -0.2, 0.4, 0.4]], labels: [1] }], priors);
    expect(numbers(classes)).toContain(2);
    const whole = ops.match([{ boxes: [[-1, -1, 2, 2]], labels: [1] }], priors);
    expect(numbers(whole.classes)).toContain(2);
  });

  test.each(bad)("a truth with %s is named by picture and box", (_what, truth, parts) => {
    const fine: Target = { boxes: [], labels: [] };
    const batch = { loc: tensor([2, count, 4]), conf: tensor([2, count, 4]) };
    const expected = failure("BAD_DATA", "target 1", ...parts);
    expect(() => ops.multiboxLoss(batch, [fine, truth], priors)).toThrow(expected);
  });
});
