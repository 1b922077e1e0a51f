import { expect } from "vitest";
import { ops, presets, Tensor } from "../../lib/index.js";
import {
  elementError,
  type Golden,
  type GoldenCase,
  type GoldenTensor,
  relativeError,
} from "../support/golden.js";

// How each domain of the engine is held to the float64 references of scripts/golden. The golden
// tests and the fresh ones run the same comparison.

const OPS = 1e-6;
const LOSSES = 1e-5;

const domains = { boxes, priors, matching, multibox, multibox_kd: multiboxKd, nms };

export type Domain = keyof typeof domains;
export const domainNames = Object.keys(domains) as Domain[];

/** Runs one case on the engine and fails where it leaves the reference. */
export function compare(golden: Golden, domain: Domain, sample: GoldenCase): void {
  const held: Tensor[] = [];
  const keep = (tensor: Tensor) => {
    held.push(tensor);
    return tensor;
  };
  const expected = (key: string) => golden.tensor(domain, sample, key);
  try {
    domains[domain]({ golden, sample, keep, expected });
  } finally {
    for (const tensor of held) tensor.dispose();
  }
}

interface Case {
  golden: Golden;
  sample: GoldenCase;
  /** Disposes the tensor after the case. */
  keep(tensor: Tensor): Tensor;
  /** A tensor of this case in the file of its domain. */
  expected(key: string): GoldenTensor;
}

function boxes({ sample, keep, expected }: Case): void {
  const input = (key: string) => keep(tensorOf(expected(key)));
  const variances = sample.options.variances as [number, number];
  const priors = input("priors");
  const iou = keep(ops.jaccard(input("a"), input("b")));
  const encoded = keep(ops.encode(input("matched"), priors, variances));
  const decoded = keep(ops.decode(input("loc"), priors, variances));
  const back = keep(ops.decode(encoded, priors, variances));

  near(`${sample.name}: jaccard`, iou, expected("iou"), OPS);
  const each = elementError(numbers(iou), expected("iou").data, 1e-3);
  expect(each, `${sample.name}: jaccard, each element`).toBeLessThanOrEqual(OPS);
  near(`${sample.name}: encode`, encoded, expected("encoded"), OPS);
  near(`${sample.name}: decode`, decoded, expected("decoded"), OPS);
  near(`${sample.name}: decode of encode`, back, expected("matched"), OPS);
}

function priors({ sample, keep, expected }: Case): void {
  const preset = { ...presets["ssd300-vgg16"], ...sample.options };
  near(`${sample.name}: priors`, keep(ops.priorBoxes(preset)), expected("priors"), OPS);
}

function matching({ golden, sample, keep, expected }: Case): void {
  const { targets, priors } = batchOf(golden, sample, keep);
  const found = ops.match(targets, priors, sample.options);
  const [loc, classes, unmatched] = [keep(found.loc), keep(found.classes), keep(found.unmatched)];

  expect(classes.dtype, `${sample.name}: dtype of the classes`).toBe("int32");
  expect(classes.shape, `${sample.name}: shape of the classes`).toEqual(expected("classes").shape);
  expect(numbers(classes), `${sample.name}: classes`).toEqual([...expected("classes").data]);
  expect(numbers(unmatched), `${sample.name}: unmatched`).toEqual([...expected("unmatched").data]);
  // Offsets of the positives; the background has zeros.
  const shape = [...classes.shape, 4];
  near(`${sample.name}: loc`, loc, dense(expected("loc"), expected("positives"), shape), OPS);
}

function multibox({ golden, sample, keep, expected }: Case): void {
  const { student, targets, priors } = batchOf(golden, sample, keep);
  const losses = ops.multiboxLoss(student, targets, priors, lossOptionsOf(sample));
  sameLosses(losses, ["conf", "loc"], { golden, sample, keep, expected });
}

function multiboxKd({ golden, sample, keep, expected }: Case): void {
  const { student, teacher, targets, priors } = batchOf(golden, sample, keep);
  const losses = ops.multiboxLossKd(student, teacher, targets, priors, lossOptionsOf(sample));
  sameLosses(losses, ["soft", "l2", "conf", "loc"], { golden, sample, keep, expected });
}

function nms({ sample, keep, expected }: Case): void {
  const [boxes, scores] = [keep(tensorOf(expected("boxes"))), keep(tensorOf(expected("scores")))];
  const kept = keep(ops.nms(boxes, scores, sample.options.iou as number));
  expect(kept.dtype, `${sample.name}: dtype`).toBe("int32");
  expect(numbers(kept), `${sample.name}: kept`).toEqual([...expected("kept").data]);
}

type Terms = Record<string, unknown> & { numPositives: number; gradLoc: Tensor; gradConf: Tensor };

function sameLosses(losses: object, names: string[], { sample, keep, expected }: Case): void {
  const terms = losses as Terms;
  const gradients = { Loc: keep(terms.gradLoc), Conf: keep(terms.gradConf) };
  expect(terms.numPositives, `${sample.name}: numPositives`).toBe(expected("numPositives").data[0]);
  for (const name of names) {
    const error = relativeError([terms[name] as number], expected(name).data);
    expect(error, `${sample.name}: ${name}`).toBeLessThanOrEqual(LOSSES);
  }
  for (const [name, actual] of Object.entries(gradients)) {
    const rows = expected(`rows${name}`);
    // In conf these are the positives and the mined negatives: the selection must be the same.
    expect(movedRows(actual), `${sample.name}: rows of grad${name}`).toEqual([...rows.data]);
    const gradient = dense(expected(`grad${name}`), rows, actual.shape);
    near(`${sample.name}: grad${name}`, actual, gradient, LOSSES);
  }
}

/** The inputs of a batch as the public API takes them. */
function batchOf(golden: Golden, sample: GoldenCase, keep: (tensor: Tensor) => Tensor) {
  const input = (key: string) => golden.tensor("batches", sample, key);
  const boxes = input("boxes").data as Float32Array;
  const labels = [...input("labels").data];
  let at = 0;
  const targets = [...input("counts").data].map((count) => {
    const from = at;
    at += count;
    return { boxes: boxes.slice(from * 4, at * 4), labels: labels.slice(from, at) };
  });
  const tensor = (key: string) => keep(tensorOf(input(key)));
  return {
    student: { loc: tensor("loc"), conf: tensor("conf") },
    teacher: { loc: tensor("teacherLoc"), conf: tensor("teacherConf") },
    targets,
    priors: tensor("priors"),
  };
}

function lossOptionsOf(sample: GoldenCase) {
  return sample.options as Parameters<typeof ops.multiboxLoss>[3];
}

function tensorOf({ data, shape }: GoldenTensor): Tensor {
  return Tensor.from(data, shape);
}

function numbers(tensor: Tensor): number[] {
  return Array.from(tensor.toArray(), Number);
}

function near(what: string, actual: Tensor, expected: GoldenTensor, limit: number): void {
  expect(actual.shape, `${what}: shape`).toEqual(expected.shape);
  expect(relativeError(numbers(actual), expected.data), what).toBeLessThanOrEqual(limit);
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
function movedRows(tensor: Tensor): number[] {
  const width = tensor.shape.at(-1)!;
  const data = numbers(tensor);
  const rows = new Set<number>();
  data.forEach((value, i) => {
    if (value !== 0) rows.add(Math.floor(i / width));
  });
  return [...rows];
}
