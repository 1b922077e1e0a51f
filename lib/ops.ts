import { SsdError } from "./errors.js";
import { engine } from "./native.js";
import type {
  NativeDetections as Detections,
  NativeTarget,
  NativeTensor,
} from "./native-engine.js";
import {
  type DetectionsOptions,
  detectionsOptions,
  type LossOptions,
  lossOptions,
  parseOptions,
  resolveDetect,
  resolveLoss,
} from "./options.js";
import { type Preset, type PresetName, priorGrid, resolvePreset } from "./presets.js";
import { Tensor } from "./tensor.js";

export type { Detections };

/** Truths of one picture: corners relative to it (0..1), labels 0-based foreground. */
export interface Target {
  /** `[G, 4]` rows, or `4 * G` numbers in a row. */
  boxes: Float32Array | readonly (readonly number[])[];
  labels: ArrayLike<number>;
}

/** Raw outputs of a detector: offsets `[B, P, 4]` and logits `[B, P, C]`, class 0 is background. */
export interface Output {
  loc: Tensor;
  conf: Tensor;
}

/** Terms of MultiBoxLoss, divided by the number of positives, and the gradients of their sum. */
export interface MultiBoxLosses {
  conf: number;
  loc: number;
  numPositives: number;
  /** Truths that no positive prior belongs to. */
  unmatched: number;
  /** `[B, P, 4]` */
  gradLoc: Tensor;
  /** `[B, P, C]` */
  gradConf: Tensor;
}

/** Terms of MultiBoxLossKD and the gradients of `(1-mu) soft + mu conf + nu l2 + loc`. */
export interface MultiBoxKdLosses extends MultiBoxLosses {
  soft: number;
  l2: number;
}

type Boxes = Tensor | readonly (readonly number[])[];

/**
 * The priors of a preset, `[P, 4]` float32 in centre form `[cx, cy, w, h]`, relative to the input
 * (SSD, arXiv 1512.02325, section 2.2). `ssd300-*` have 8732.
 */
function priorBoxes(preset: PresetName | (string & {}) | Preset): Tensor {
  return new Tensor(engine().priorBoxes(priorGrid(resolvePreset(preset))));
}

/** IoU of every box of `a` `[A, 4]` with every box of `b` `[B, 4]`, both in corners: `[A, B]`. */
function jaccard(a: Boxes, b: Boxes): Tensor {
  return new Tensor(engine().jaccard(boxTensor(a), boxTensor(b)));
}

/** Offsets of matched truths (corners `[P, 4]`) from the priors (centres `[P, 4]`). */
function encode(matched: Boxes, priors: Boxes, variances: readonly number[] = [0.1, 0.2]): Tensor {
  return new Tensor(engine().encode(boxTensor(matched), boxTensor(priors), variances));
}

/**
 * Corners from offsets: the inverse of {@link encode}.
 *
 * @param coderClip Upper bound of ln(side / prior's side), as a preset's `coderClip`; null for none.
 */
function decode(
  loc: Boxes,
  priors: Boxes,
  variances: readonly number[] = [0.1, 0.2],
  coderClip: number | null = null,
): Tensor {
  return new Tensor(engine().decode(boxTensor(loc), boxTensor(priors), variances, coderClip));
}

/**
 * SSD's matching: every truth owns its best prior, other priors go to their best truth from
 * `overlapThreshold` on.
 *
 * @returns `loc` `[B, P, 4]` offsets (0 for background), `classes` `[B, P]` int32 (0 background,
 *   label + 1 otherwise), `unmatched`: how many truths got no prior.
 */
function match(targets: readonly Target[], priors: Boxes, options?: LossOptions) {
  const resolved = resolveLoss(parseOptions(lossOptions, options, "match options"));
  const out = engine().match(nativeTargets(targets), boxTensor(priors), resolved);
  return {
    loc: new Tensor(out.loc),
    classes: new Tensor(out.classes),
    unmatched: new Tensor(out.unmatched),
  };
}

/** MultiBoxLoss (SSD, section 2.2) with hard negative mining; gradients in closed form. */
function multiboxLoss(
  student: Output,
  targets: readonly Target[],
  priors: Boxes,
  options?: LossOptions,
): MultiBoxLosses {
  return lossOf(student, null, targets, priors, options);
}

/**
 * MultiBoxLossKD: the soft term and the teacher-bounded regression of Chen et al. (NIPS 2017) beside
 * the student's own loss.
 */
function multiboxLossKd(
  student: Output,
  teacher: Output,
  targets: readonly Target[],
  priors: Boxes,
  options?: LossOptions,
): MultiBoxKdLosses {
  return lossOf(student, teacher, targets, priors, options) as MultiBoxKdLosses;
}

/**
 * Greedy non-maximum suppression of `boxes` `[N, 4]` (corners) by `scores` `[N]`.
 *
 * @returns int32 indices of the kept, best first; ties by the lower index.
 */
function nms(boxes: Boxes, scores: Tensor | readonly number[], iou: number): Tensor {
  if (!(iou >= 0 && iou <= 1)) {
    throw new SsdError("BAD_OPTION", `nms: expected an iou of 0 to 1, got ${iou}`);
  }
  const score = scores instanceof Tensor ? scores : Tensor.from(scores);
  return new Tensor(engine().nms(boxTensor(boxes), score.native, iou));
}

/**
 * From raw outputs to detections (SSD, arXiv 1512.02325, section 3.7): softmax and {@link decode}; of
 * each foreground class the scores from `minScore` on, of these the `topK` best, without those whose IoU
 * with a better one is over `iou`; of all classes together the `maxDetections` best. Equal scores go by
 * the lower class, then by the lower prior.
 *
 * @param output Offsets `[B, P, 4]` and logits `[B, P, C]`, of any device.
 * @param priors Centre form, `[P, 4]`.
 * @param options By default 0.01, 400, 0.45 and 200, variances `[0.1, 0.2]`, and no `coderClip`.
 * @returns A list for each picture, on the host.
 * @throws SsdError BAD_OPTION, also for shapes that do not fit each other.
 */
function detections(output: Output, priors: Boxes, options?: DetectionsOptions): Detections[] {
  const { variances, ...rest } = parseOptions(detectionsOptions, options, "detections options");
  const native = nativeOutput(output);
  return engine().detections(native, boxTensor(priors), variances, resolveDetect(rest, null));
}

/** Operations of SSD on tensors, on the device they live on. They run on the calling thread. */
export const ops = {
  priorBoxes,
  jaccard,
  encode,
  decode,
  match,
  multiboxLoss,
  multiboxLossKd,
  nms,
  detections,
};

function lossOf(
  student: Output,
  teacher: Output | null,
  targets: readonly Target[],
  priors: Boxes,
  options: LossOptions | undefined,
): MultiBoxLosses {
  const resolved = resolveLoss(parseOptions(lossOptions, options, "loss options"));
  const out = engine().multiboxLoss(
    nativeOutput(student),
    teacher && nativeOutput(teacher),
    nativeTargets(targets, student.conf.shape.at(-1)! - 1),
    boxTensor(priors),
    resolved,
  );
  const { gradLoc, gradConf, ...terms } = out;
  const numbers = Object.fromEntries(
    Object.entries(terms).map(([name, term]) => [name, new Tensor(term).item()]),
  );
  return {
    ...(numbers as Omit<MultiBoxLosses, "gradLoc" | "gradConf">),
    gradLoc: new Tensor(gradLoc),
    gradConf: new Tensor(gradConf),
  };
}

function nativeOutput({ loc, conf }: Output) {
  return { loc: loc.native, conf: conf.native };
}

function boxTensor(boxes: Boxes): NativeTensor {
  if (!(boxes instanceof Tensor)) {
    const rows = boxes.map((box) => box.length);
    if (rows.some((length) => length !== 4)) fourNumbers(`rows of ${rows.join(", ")}`);
    return Tensor.from(boxes.flat(), [boxes.length, 4]).native;
  }
  const { shape } = boxes;
  if (shape.length < 2 || shape.at(-1) !== 4) fourNumbers(`shape [${shape}]`);
  return boxes.native;
}

function fourNumbers(came: string): never {
  throw new SsdError("BAD_OPTION", `boxes: expected [..., N, 4], four numbers each, got ${came}`);
}

/**
 * Truths in the engine's form, checked: boxes that are degenerate or have nothing of the picture never
 * reach matching. A box that reaches outside is matched as it is.
 *
 * @param classes Number of foreground classes that labels are held to.
 * @throws SsdError BAD_DATA naming picture and box.
 */
export function nativeTargets(targets: readonly Target[], classes = Infinity): NativeTarget[] {
  return targets.map(({ boxes, labels }, picture) => {
    const flat = boxes instanceof Float32Array ? boxes : Float32Array.from(boxes.flat());
    const fours = boxes instanceof Float32Array || boxes.every((box) => box.length === 4);
    if (flat.length !== labels.length * 4 || !fours) {
      throw new SsdError(
        "BAD_DATA",
        `target ${picture}: expected 4 numbers for each of ${labels.length} labels, got ${flat.length}`,
      );
    }
    for (let i = 0; i < labels.length; i++) {
      checkBox([...flat.subarray(i * 4, i * 4 + 4)], `target ${picture}, box ${i}`);
      checkLabel(labels[i]!, classes, `target ${picture}, box ${i}`);
    }
    return { boxes: flat, labels: Int32Array.from(labels) };
  });
}

function checkBox(box: number[], where: string): void {
  const [x1, y1, x2, y2] = box as [number, number, number, number];
  const proper = x2 > x1 && y2 > y1 && box.every(Number.isFinite);
  if (proper && x2 > 0 && y2 > 0 && x1 < 1 && y1 < 1) return;
  const expected = proper ? "a box on the picture (0 to 1)" : "x2 > x1 and y2 > y1";
  throw new SsdError("BAD_DATA", `${where}: expected ${expected}, got [${box.join(", ")}]`);
}

function checkLabel(label: number, classes: number, where: string): void {
  if (Number.isInteger(label) && label >= 0 && label < classes) return;
  const expected = Number.isFinite(classes) ? `from 0 to ${classes - 1}` : "from 0 on";
  throw new SsdError("BAD_DATA", `${where}: expected a label ${expected}, got ${label}`);
}
