import { meanAt, precisionRecall } from "./curve.js";
import { byFallingScore, type ClassImage } from "./input.js";
import { boxArea } from "./iou.js";
import { chooseFree, countable, IGNORED, MISS, matchGreedily, type Pairs, pair } from "./match.js";
import type { CocoNumbers } from "./types.js";

// The floats of numpy's linspace, by which pycocotools compares.
const THRESHOLDS = Array.from({ length: 10 }, (_, i) =>
  i === 9 ? 0.95 : 0.5 + i * ((0.95 - 0.5) / 9),
);
const RECALLS = Array.from({ length: 101 }, (_, i) => i * 0.01);
const MAX_DETECTIONS = 100;
const LIMITS = [1, 10, MAX_DETECTIONS] as const;
const UNDEFINED = -1;

type Range = readonly [low: number, high: number];
const RANGES = {
  all: [0, 1e10],
  small: [0, 32 ** 2],
  medium: [32 ** 2, 96 ** 2],
  large: [96 ** 2, 1e10],
} as const satisfies Record<string, Range>;

/** One class, with what no threshold or area range changes. */
interface Prepared {
  images: { pairs: Pairs; truthAreas: number[] }[];
  /** `[D]` of the detections of all images, image by image, at most 100 of each. */
  detectionAreas: number[];
  /** By most detections an image: indices of the detections by falling score. */
  orders: Map<number, number[]>;
}

/** Precision and recall of one class for one area range, an entry per IoU threshold. */
interface ClassAtRange {
  truths: number;
  ap: number[];
  /** By most detections an image. */
  recall: Map<number, number[]>;
}

/** One class under the COCO protocol. */
export interface CocoClass {
  label: number;
  ranges: Record<keyof typeof RANGES, ClassAtRange>;
}

/**
 * One class by the protocol of pycocotools' COCOeval with boxes (evaluateImg, accumulate): crowd regions
 * and truths outside the area range are ignored, at most 100 detections an image, precision at 101 recalls.
 */
export function cocoClass(label: number, images: readonly ClassImage[]): CocoClass {
  const prepared = prepare(images);
  return {
    label,
    ranges: {
      all: atRange(prepared, RANGES.all, LIMITS),
      small: atRange(prepared, RANGES.small, [MAX_DETECTIONS]),
      medium: atRange(prepared, RANGES.medium, [MAX_DETECTIONS]),
      large: atRange(prepared, RANGES.large, [MAX_DETECTIONS]),
    },
  };
}

function prepare(entries: readonly ClassImage[]): Prepared {
  const kept = entries.map((entry) => ({
    ...entry,
    detections: entry.detections.slice(0, MAX_DETECTIONS),
  }));
  const all = kept.flatMap(({ image: { detections: found }, detections }) =>
    detections.map((d, rank) => ({
      rank,
      score: found.scores[d]!,
      area: boxArea(found.boxes, d, 0),
    })),
  );
  const order = byFallingScore(all.map(({ score }) => score));
  return {
    images: kept.map((entry) => ({
      pairs: pair(entry, 0, true),
      truthAreas: entry.truths.map(
        (g) => entry.image.truths.area?.[g] ?? boxArea(entry.image.truths.boxes, g, 0),
      ),
    })),
    detectionAreas: all.map(({ area }) => area),
    orders: new Map(LIMITS.map((limit) => [limit, order.filter((d) => all[d]!.rank < limit)])),
  };
}

function atRange(prepared: Prepared, [low, high]: Range, limits: readonly number[]): ClassAtRange {
  const outside = (area: number): number => (area < low || area > high ? 1 : 0);
  const ranged = prepared.images.map(({ pairs, truthAreas }) => ({
    ...pairs,
    ignored: pairs.ignored.map((flag, g) => flag | outside(truthAreas[g]!)),
  }));
  const truths = ranged.reduce((sum, pairs) => sum + countable(pairs), 0);
  const result: ClassAtRange = {
    truths,
    ap: [],
    recall: new Map(limits.map((limit) => [limit, []])),
  };
  if (truths === 0) return result;
  const outcomes = new Int8Array(prepared.detectionAreas.length);
  for (const threshold of THRESHOLDS) {
    let at = 0;
    for (const pairs of ranged) {
      matchGreedily(pairs, threshold, chooseFree, outcomes, at);
      at += pairs.detections;
    }
    prepared.detectionAreas.forEach((area, d) => {
      if (outcomes[d] === MISS && outside(area)) outcomes[d] = IGNORED;
    });
    for (const limit of limits) {
      const curve = precisionRecall(outcomes, prepared.orders.get(limit)!, truths);
      result.recall.get(limit)!.push(curve.recall.at(-1) ?? 0);
      if (limit === MAX_DETECTIONS) result.ap.push(meanAt(curve, RECALLS));
    }
  }
  return result;
}

/** Mean over the values, -1 when there are none: COCOeval's summarize. */
export function meanOrUndefined(values: readonly number[]): number {
  return values.length === 0
    ? UNDEFINED
    : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The twelve numbers over all classes. */
export function cocoNumbers(classes: readonly CocoClass[]): CocoNumbers {
  const ap = (range: keyof typeof RANGES, threshold?: number): number => {
    const at = threshold === undefined ? 0 : THRESHOLDS.indexOf(threshold);
    const end = threshold === undefined ? undefined : at + 1;
    return meanOrUndefined(classes.flatMap(({ ranges }) => ranges[range].ap.slice(at, end)));
  };
  const ar = (range: keyof typeof RANGES, limit: number): number =>
    meanOrUndefined(classes.flatMap(({ ranges }) => ranges[range].recall.get(limit)!));
  return {
    AP: ap("all"),
    AP50: ap("all", 0.5),
    AP75: ap("all", 0.75),
    APs: ap("small"),
    APm: ap("medium"),
    APl: ap("large"),
    AR1: ar("all", 1),
    AR10: ar("all", 10),
    AR100: ar("all", MAX_DETECTIONS),
    ARs: ar("small", MAX_DETECTIONS),
    ARm: ar("medium", MAX_DETECTIONS),
    ARl: ar("large", MAX_DETECTIONS),
  };
}
