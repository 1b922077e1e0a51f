import { areaUnder, meanAt, precisionRecall } from "./curve.js";
import { byFallingScore, type ClassImage } from "./input.js";
import type { Extra } from "./iou.js";
import { chooseBest, countable, matchGreedily, pair } from "./match.js";
import type { ClassPrecision } from "./types.js";

/** Settings of the VOC protocols. */
export interface VocRules {
  /** IoU from which a detection may be a hit (equality is a hit). */
  iou: number;
  extra: Extra;
  /** Eleven-point mean (VOC 2007) instead of the area (VOC 2010 and later). */
  eleven: boolean;
}

// k / 10 is the float nearest to that fraction, as hits / truths is to its own, so that recall 6/10
// reaches level 0.6; the devkits' 0:0.1:1 holds 0.6000000000000001, which it does not.
const ELEVEN = Array.from({ length: 11 }, (_, k) => k / 10);

/**
 * Average precision of one class by the PASCAL VOC protocol (Everingham et al., IJCV 2010, section 4.2,
 * and the devkit's VOCevaldet): greedy by score over all images, difficult truths ignored.
 */
export function vocClass(
  label: number,
  images: readonly ClassImage[],
  rules: VocRules,
): ClassPrecision {
  const scores = images.flatMap(({ image, detections }) =>
    detections.map((d) => image.detections.scores[d]!),
  );
  const outcomes = new Int8Array(scores.length);
  let [truths, at] = [0, 0];
  for (const entry of images) {
    const pairs = pair(entry, rules.extra);
    truths += countable(pairs);
    // A match concerns one image only: taking the images one by one is taking all detections by score.
    matchGreedily(pairs, rules.iou, chooseBest, outcomes, at);
    at += pairs.detections;
  }
  if (truths === 0) return { label, ap: Number.NaN, truths, precision: [], recall: [] };
  const curve = precisionRecall(outcomes, byFallingScore(scores), truths);
  const ap = rules.eleven ? meanAt(curve, ELEVEN) : areaUnder(curve, truths);
  return { label, ap, truths, ...curve };
}
