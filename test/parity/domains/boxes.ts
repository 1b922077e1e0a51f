import { ops, presets, type Tensor } from "../../../lib/index.js";
import { elementError } from "../../support/golden.js";
import { type Comparison, numbers, tolerance } from "../comparison.js";

export function boxes(c: Comparison): void {
  const variances = c.option<[number, number]>("variances");
  const priors = c.input("priors");
  const iou = c.keep(ops.jaccard(c.input("a"), c.input("b")));
  const encoded = c.keep(ops.encode(c.input("matched"), priors, variances));
  const decoded = c.keep(ops.decode(c.input("loc"), priors, variances));
  const back = c.keep(ops.decode(encoded, priors, variances));

  c.near("jaccard", iou, c.expected("iou"), tolerance.ops);
  const each = elementError(numbers(iou), c.expected("iou").data, 1e-3);
  c.near("jaccard, worst element", each + 1, ones, tolerance.ops);
  c.near("encode", encoded, c.expected("encoded"), tolerance.ops);
  c.near("decode", decoded, c.expected("decoded"), tolerance.ops);
  c.near("decode of encode", back, c.expected("matched"), tolerance.ops);
}

const ones = { shape: [1], data: Float64Array.of(1) };

export function priors(c: Comparison): void {
  c.near("priors", c.keep(priorsOf(c.sample.options)), c.expected("priors"), tolerance.ops);
}

/** The priors of a preset's grid, but for what is given of it. */
export function priorsOf({ preset, ...options }: Record<string, unknown>): Tensor {
  return ops.priorBoxes({ ...presets[preset as keyof typeof presets], ...options });
}

export function nms(c: Comparison): void {
  const [boxes, scores] = [c.input("boxes"), c.input("scores")];
  const kept = c.keep(ops.nms(boxes, scores, c.option<number>("iou")));
  c.same("kept", numbers(kept), c.expected("kept").data);
}
