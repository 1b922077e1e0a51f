import type { ClassImage } from "./input.js";
import { type Extra, intersectionOverUnion } from "./iou.js";

/** What became of a detection. */
export const MISS = 0;
/** It found a truth that counts. */
export const HIT = 1;
/** It lies on something that need not be found, and does not count. */
export const IGNORED = -1;

/** Detections of one image and class against its truths. */
export interface Pairs {
  /** `[detections, truths]` row by row, detections by falling score. */
  ious: Float64Array;
  detections: number;
  /** `[truths]` 1 where the truth need not be found. */
  ignored: Uint8Array;
  /** `[truths]` 1 where any number of detections may lie on it. */
  crowd: Uint8Array;
}

/**
 * IoUs of one image's detections with its truths, and which truths are ignored.
 *
 * @param crowds Compare with a crowd region over the detection's own area, as COCO does.
 */
export function pair(
  { image, detections, truths }: ClassImage,
  extra: Extra,
  crowds = false,
): Pairs {
  const ious = new Float64Array(detections.length * truths.length);
  const crowd = Uint8Array.from(truths, (g) => image.truths.crowd[g]!);
  const [found, real] = [image.detections.boxes, image.truths.boxes];
  for (let d = 0, at = 0; d < detections.length; d++) {
    for (let g = 0; g < truths.length; g++, at++) {
      const over = crowds && crowd[g] === 1;
      ious[at] = intersectionOverUnion(found, detections[d]!, real, truths[g]!, extra, over);
    }
  }
  const ignored = Uint8Array.from(truths, (g) => image.truths.ignored[g]!);
  return { ious, detections: detections.length, ignored, crowd };
}

/** How many of the truths count. */
export function countable({ ignored }: Pairs): number {
  let count = 0;
  for (const flag of ignored) count += 1 - flag;
  return count;
}

/** Picks the truth for a detection, or -1: `row` is where its IoUs begin, `taken` what is found already. */
export type Choose = (pairs: Pairs, row: number, taken: Uint8Array, threshold: number) => number;

/**
 * Greedy matching: each detection in turn, by falling score, takes the truth that `choose` gives it.
 * The first on a truth is a hit, a later one a miss; on an ignored truth it does not count.
 *
 * @param outcomes Receives HIT, MISS or IGNORED for each detection, from index `at` on.
 */
export function matchGreedily(
  pairs: Pairs,
  threshold: number,
  choose: Choose,
  outcomes: Int8Array,
  at: number,
): void {
  const { detections, ignored } = pairs;
  const taken = new Uint8Array(ignored.length);
  for (let d = 0; d < detections; d++) {
    const truth = choose(pairs, d * taken.length, taken, threshold);
    if (truth < 0) outcomes[at + d] = MISS;
    else if (ignored[truth]) outcomes[at + d] = IGNORED;
    else outcomes[at + d] = taken[truth] ? MISS : HIT;
    if (truth >= 0) taken[truth] = 1;
  }
}

/**
 * The rule of the VOC devkit: the truth of largest IoU, the first of equals, taken or not. A detection
 * whose best truth is gone does not look for another one.
 */
export const chooseBest: Choose = ({ ious, ignored }, row, _taken, threshold) => {
  let best = -1;
  for (let g = 0; g < ignored.length; g++) {
    const iou = ious[row + g]!;
    if (best < 0 ? iou >= threshold : iou > ious[row + best]!) best = g;
  }
  return best;
};

/**
 * The rule of pycocotools: the free truth of largest IoU, the last of equals, and an ignored truth only
 * where none that counts will do. A crowd is always free.
 */
export const chooseFree: Choose = ({ ious, ignored, crowd }, row, taken, threshold) => {
  let best = -1;
  // pycocotools sorts the ignored truths to the end; two rounds see them in that order.
  for (const round of [0, 1]) {
    let limit = Math.min(threshold, 1 - 1e-10);
    for (let g = 0; g < ignored.length; g++) {
      if (ignored[g] !== round || (taken[g] && !crowd[g]) || ious[row + g]! < limit) continue;
      limit = ious[row + g]!;
      best = g;
    }
    if (best >= 0) break;
  }
  return best;
};
