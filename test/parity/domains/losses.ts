import { ops, type Tensor } from "../../../lib/index.js";
import type { GoldenTensor } from "../../support/golden.js";
import { type Comparison, numbers, tolerance } from "../comparison.js";

export type LossOptions = Parameters<typeof ops.multiboxLoss>[3];

export function matching(c: Comparison): void {
  const { targets, priors } = batchOf(c);
  const found = ops.match(targets, priors, c.sample.options);
  const [loc, classes, unmatched] = [found.loc, found.classes, found.unmatched].map((tensor) =>
    c.keep(tensor),
  ) as [Tensor, Tensor, Tensor];

  c.same("shape of the classes", classes.shape, c.expected("classes").shape);
  c.same("classes", numbers(classes), c.expected("classes").data);
  c.same("unmatched", numbers(unmatched), c.expected("unmatched").data);
  // Offsets of the positives; the background has zeros.
  const expected = dense(c.expected("loc"), c.expected("positives"), [...classes.shape, 4]);
  c.near("loc", loc, expected, tolerance.ops);
}

export function multibox(c: Comparison): void {
  const { student, targets, priors } = batchOf(c);
  const losses = ops.multiboxLoss(student, targets, priors, c.sample.options as LossOptions);
  sameLosses(c, losses, ["conf", "loc"]);
}

export function multiboxKd(c: Comparison): void {
  const { student, teacher, targets, priors } = batchOf(c);
  const options = c.sample.options as LossOptions;
  const losses = ops.multiboxLossKd(student, teacher, targets, priors, options);
  sameLosses(c, losses, ["soft", "l2", "conf", "loc"]);
}

type Terms = Record<string, unknown> & { numPositives: number; gradLoc: Tensor; gradConf: Tensor };

function sameLosses(c: Comparison, losses: object, names: string[]): void {
  const terms = losses as Terms;
  c.same("numPositives", [terms.numPositives], c.expected("numPositives").data);
  for (const name of names) {
    c.near(name, terms[name] as number, c.expected(name), tolerance.ops);
  }
  for (const name of ["Loc", "Conf"] as const) {
    const actual = c.keep(terms[`grad${name}`]);
    const rows = c.expected(`rows${name}`);
    // In conf these are the positives and the mined negatives: the selection must be the same.
    c.same(`rows of grad${name}`, movedRows(actual), rows.data);
    const gradient = dense(c.expected(`grad${name}`), rows, actual.shape);
    c.near(`grad${name}`, actual, gradient, tolerance.gradients);
  }
}

/** The inputs of a batch as the public API takes them. */
function batchOf(c: Comparison) {
  const of = (key: string) => c.expected(key, "batches").data;
  const boxes = of("boxes") as Float32Array;
  const labels = [...of("labels")];
  let at = 0;
  const targets = [...of("counts")].map((count) => {
    const from = at;
    at += count;
    return { boxes: boxes.slice(from * 4, at * 4), labels: labels.slice(from, at) };
  });
  const tensor = (key: string) => c.input(key, "batches");
  return {
    student: { loc: tensor("loc"), conf: tensor("conf") },
    teacher: { loc: tensor("teacherLoc"), conf: tensor("teacherConf") },
    targets,
    priors: tensor("priors"),
  };
}

/** Rows at their places in a tensor of `shape`, zeros elsewhere. */
function dense(values: GoldenTensor, rows: GoldenTensor, shape: number[]): GoldenTensor {
  const width = shape.at(-1)!;
  const data = new Float64Array(shape.reduce((product, side) => product * side, 1));
  rows.data.forEach((row, i) => {
    data.set(values.data.subarray(i * width, (i + 1) * width), row * width);
  });
  return { shape, data };
}

/** Rows, flat over all but the last extent, that are not all zero. */
export function movedRows(tensor: Tensor): number[] {
  const width = tensor.shape.at(-1)!;
  const data = numbers(tensor);
  const rows = new Set<number>();
  for (let i = 0; i < data.length; i++) if (data[i] !== 0) rows.add(Math.floor(i / width));
  return [...rows];
}
