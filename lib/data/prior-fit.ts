import { setImmediate as breathe } from "node:timers/promises";
import type { Preset } from "../presets.js";
import { priorsOf } from "../priors.js";
import { type Bin, binOf, histogram, sizeEdges } from "./histogram.js";
import { placeBox } from "./reader.js";
import type { Seen } from "./statistics.js";

/** IoU from which a prior counts as reaching a truth: where matching makes it positive. */
export const reach = 0.5;
/** Pairs of truth and prior that are compared before others get their turn; a few ms. */
const turn = 1e6;

/** How many truths there are, and how many of them no prior reaches. */
export interface Reach {
  truths: number;
  unreached: number;
}

/**
 * A data set's truths against the priors of a preset: those that are trained on, in pictures stretched to
 * the square input, without augmentation. A truth that no prior reaches at IoU 0.5 is still matched to
 * its best one, but learns from that alone.
 */
export interface PriorFit extends Reach {
  /** Name of the preset. */
  model: string;
  /** Number of priors. */
  priors: number;
  classes: Record<string, Reach>;
  /** By the square root of a truth's share of the picture. */
  sizes: (Omit<Bin, "count"> & Reach)[];
}

/** Truths that are trained on: corners relative to the picture, four numbers a truth, and their labels. */
export interface TrainedTruths {
  boxes: Float64Array;
  labels: number[];
}

/** The truths of pictures that are trained on, as the pack has them: clipped to the decoded size. */
export function trainedTruths(seen: readonly Seen[]): TrainedTruths {
  const boxes: number[] = [];
  const labels: number[] = [];
  for (const { item, size } of seen) {
    for (const { box, label, difficult, crowd = false } of item.truths) {
      const placed = placeBox(box, size).box;
      if (difficult || crowd || placed === undefined) continue;
      const [x1, y1, x2, y2] = placed;
      boxes.push(x1 / size.width, y1 / size.height, x2 / size.width, y2 / size.height);
      labels.push(label);
    }
  }
  return { boxes: Float64Array.from(boxes), labels };
}

/** Holds truths against the priors of a preset. */
export async function fitPriors(
  { boxes, labels }: TrainedTruths,
  classes: readonly string[],
  preset: Preset,
): Promise<PriorFit> {
  const priors = priorsOf(preset);
  const best = await bestIous(boxes, priors, reach);
  const missed = [...best].map((iou) => iou < reach);
  const perClass = classes.map((): Reach => ({ truths: 0, unreached: 0 }));
  const sizes = histogram([], sizeEdges).map(({ count: _, ...bin }) => ({
    ...bin,
    truths: 0,
    unreached: 0,
  }));
  missed.forEach((unreached, i) => {
    for (const reach of [perClass[labels[i]!]!, sizes[binOf(sizeOf(boxes, i), sizeEdges)]!]) {
      reach.truths++;
      if (unreached) reach.unreached++;
    }
  });
  return {
    model: preset.name,
    priors: priors.length / 4,
    truths: labels.length,
    unreached: missed.filter(Boolean).length,
    classes: Object.fromEntries(classes.map((name, label) => [name, perClass[label]!])),
    sizes,
  };
}

/** The square root of a truth's area. */
export function sizeOf(boxes: Float64Array, i: number): number {
  const [x1, y1, x2, y2] = boxes.subarray(4 * i, 4 * i + 4) as unknown as [
    number,
    number,
    number,
    number,
  ];
  return Math.sqrt((x2 - x1) * (y2 - y1));
}

/**
 * The IoU of each truth with its best prior, or with the first that comes to `enough`.
 *
 * @param boxes Corners, four numbers a truth.
 * @param priors In centre form, four numbers a prior.
 */
export async function bestIous(
  boxes: Float64Array,
  priors: Float32Array,
  enough = 1,
): Promise<Float64Array> {
  const corners = cornersOf(priors);
  const best = new Float64Array(boxes.length / 4);
  const perTurn = Math.max(1, Math.floor(turn / (priors.length / 4)));
  for (let i = 0; i < best.length; i++) {
    if (i % perTurn === 0) await breathe();
    best[i] = bestIou(boxes.subarray(4 * i, 4 * i + 4), corners, enough);
  }
  return best;
}

/** Corners and area, five numbers a prior. */
function cornersOf(priors: Float32Array): Float64Array {
  const corners = new Float64Array((priors.length / 4) * 5);
  for (let from = 0, to = 0; from < priors.length; from += 4, to += 5) {
    const [x, y, width, height] = priors.subarray(from, from + 4) as unknown as number[];
    corners[to] = x! - width! / 2;
    corners[to + 1] = y! - height! / 2;
    corners[to + 2] = x! + width! / 2;
    corners[to + 3] = y! + height! / 2;
    corners[to + 4] = width! * height!;
  }
  return corners;
}

function bestIou(truth: Float64Array, priors: Float64Array, enough: number): number {
  const [x1, y1, x2, y2] = truth as unknown as [number, number, number, number];
  const area = (x2 - x1) * (y2 - y1);
  let best = 0;
  let [least, most] = [0, Number.POSITIVE_INFINITY];
  for (let at = 0; at < priors.length; at += 5) {
    const other = priors[at + 4]!;
    // The smaller area over the larger bounds the IoU: most priors need no more than this.
    if (other <= least || other >= most) continue;
    const width = Math.min(x2, priors[at + 2]!) - Math.max(x1, priors[at]!);
    const height = Math.min(y2, priors[at + 3]!) - Math.max(y1, priors[at + 1]!);
    if (width <= 0 || height <= 0) continue;
    const iou = (width * height) / (area + other - width * height);
    if (iou <= best) continue;
    best = iou;
    if (best >= enough) break;
    [least, most] = [area * best, area / best];
  }
  return best;
}
