import { HIT, IGNORED } from "./match.js";

/** Precision and recall after each detection that counts, by falling score. */
export interface Curve {
  precision: number[];
  recall: number[];
}

/**
 * The precision/recall curve of one class.
 *
 * @param outcomes HIT, MISS or IGNORED of the class's detections in all images.
 * @param order Indices into `outcomes` by falling score.
 * @param truths Objects to find, more than 0.
 */
export function precisionRecall(
  outcomes: Int8Array,
  order: readonly number[],
  truths: number,
): Curve {
  const curve: Curve = { precision: [], recall: [] };
  let hits = 0;
  for (const d of order) {
    if (outcomes[d] === IGNORED) continue;
    if (outcomes[d] === HIT) hits++;
    curve.recall.push(hits / truths);
    curve.precision.push(hits / curve.recall.length);
  }
  return curve;
}

/** The largest precision at each point or later: the curve without its dips. */
function envelope(precision: readonly number[]): number[] {
  const top = [...precision];
  for (let i = top.length - 2; i >= 0; i--) top[i] = Math.max(top[i]!, top[i + 1]!);
  return top;
}

/**
 * Area under the envelope: the average precision of VOC 2010 and later. Recall grows by 1 / `truths`
 * at each hit, so that the area is the mean over the truths, and exactly 1 when all come first.
 */
export function areaUnder({ precision, recall }: Curve, truths: number): number {
  const top = envelope(precision);
  return top.reduce((sum, p, i) => (recall[i]! > (recall[i - 1] ?? 0) ? sum + p : sum), 0) / truths;
}

/** Mean of the envelope at the given recalls (rising), 0 past the curve's end. */
export function meanAt({ precision, recall }: Curve, levels: readonly number[]): number {
  const top = envelope(precision);
  let [sum, i] = [0, 0];
  for (const level of levels) {
    while (i < recall.length && recall[i]! < level) i++;
    sum += top[i] ?? 0;
  }
  return sum / levels.length;
}
