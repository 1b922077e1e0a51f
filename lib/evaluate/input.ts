import { SsdError } from "../errors.js";
import type { Boxes, ImageDetections, ImageTruths } from "./types.js";

/** One image, checked: flat boxes, and a number for every property of every truth. */
export interface CheckedImage {
  detections: { boxes: Float64Array; labels: number[]; scores: number[] };
  truths: {
    boxes: Float64Array;
    labels: number[];
    /** 1 where a truth need not be found: difficult or crowd. */
    ignored: Uint8Array;
    crowd: Uint8Array;
    /** As given; undefined stands for the box's own area. */
    area?: ArrayLike<number>;
  };
}

/**
 * Checks both lists and brings them into one form.
 *
 * @throws SsdError BAD_DATA naming the image's index and the field
 */
export function checkImages(
  detections: readonly ImageDetections[],
  truths: readonly ImageTruths[],
): CheckedImage[] {
  if (!Array.isArray(detections) || !Array.isArray(truths)) {
    throw new SsdError(
      "BAD_DATA",
      "detections and truths: expected two lists with an entry per image",
    );
  }
  if (detections.length !== truths.length) {
    throw new SsdError(
      "BAD_DATA",
      "detections and truths: expected an entry per image in both, " +
        `got ${detections.length} and ${truths.length}`,
    );
  }
  return truths.map((truth, index) => ({
    detections: checkDetections(detections[index]!, `detections of image ${index}`),
    truths: checkTruths(truth, `truths of image ${index}`),
  }));
}

function checkDetections(image: ImageDetections, where: string): CheckedImage["detections"] {
  const boxes = flatten(image?.boxes, where);
  const count = boxes.length / 4;
  const labels = numbers(image.labels, count, `${where}: labels`, isLabel);
  return {
    boxes,
    labels,
    scores: numbers(image.scores, count, `${where}: scores`, Number.isFinite),
  };
}

function checkTruths(image: ImageTruths, where: string): CheckedImage["truths"] {
  const boxes = flatten(image?.boxes, where);
  const count = boxes.length / 4;
  const labels = numbers(image.labels, count, `${where}: labels`, isLabel);
  const crowd = flags(image.crowd, count, `${where}: crowd`);
  const difficult = flags(image.difficult, count, `${where}: difficult`);
  const ignored = crowd.map((value, i) => value | difficult[i]!);
  if (image.area === undefined) return { boxes, labels, ignored, crowd };
  const area = numbers(image.area, count, `${where}: area`, (value) => value >= 0);
  return { boxes, labels, ignored, crowd, area };
}

function flatten(boxes: Boxes | undefined, where: string): Float64Array {
  const rows = Array.isArray(boxes);
  if (!rows && !(boxes instanceof Float32Array) && !(boxes instanceof Float64Array)) {
    throw new SsdError(
      "BAD_DATA",
      `${where}: expected boxes as rows of four or as a flat Float32Array`,
    );
  }
  const bad = rows ? boxes.findIndex((row) => row?.length !== 4) : boxes.length % 4 === 0 ? -1 : 0;
  if (bad >= 0) {
    const came = rows ? `${boxes[bad]?.length} in box ${bad}` : `${boxes.length} in all`;
    throw new SsdError("BAD_DATA", `${where}: expected four numbers per box, got ${came}`);
  }
  const flat = Float64Array.from(rows ? boxes.flat() : (boxes as Float32Array));
  for (let i = 0; i < flat.length; i += 4) {
    const box = flat.subarray(i, i + 4);
    if (!box.every(Number.isFinite) || box[2]! < box[0]! || box[3]! < box[1]!) {
      throw new SsdError(
        "BAD_DATA",
        `${where}: expected corners [x1, y1, x2, y2] with x1 <= x2 and y1 <= y2, ` +
          `got [${box.join(", ")}] in box ${i / 4}`,
      );
    }
  }
  return flat;
}

function numbers(
  list: ArrayLike<number> | undefined,
  count: number,
  where: string,
  valid: (value: number) => boolean,
): number[] {
  const values = Array.from(sized(list, count, where), Number);
  const bad = values.findIndex((value) => !valid(value));
  if (bad >= 0) {
    throw new SsdError("BAD_DATA", `${where}: got ${list![bad]} for box ${bad}`);
  }
  return values;
}

function flags(
  list: ArrayLike<boolean | number> | undefined,
  count: number,
  where: string,
): Uint8Array {
  if (list === undefined) return new Uint8Array(count);
  return Uint8Array.from(sized(list, count, where), (value) => (value ? 1 : 0));
}

function sized<T>(list: ArrayLike<T> | undefined, count: number, where: string): ArrayLike<T> {
  if (list?.length !== count) {
    throw new SsdError(
      "BAD_DATA",
      `${where}: expected one per box (${count}), got ${list?.length}`,
    );
  }
  return list;
}

const isLabel = (value: number): boolean => Number.isInteger(value) && value >= 0;

/** One image as one class sees it: indices into the image's detections and truths. */
export interface ClassImage {
  image: CheckedImage;
  /** By falling score; equal scores keep the order they came in. */
  detections: number[];
  truths: number[];
}

/** Sorts the images' boxes by class: for each label the images where it was found or is. */
export function byClass(images: readonly CheckedImage[]): Map<number, ClassImage[]> {
  const classes = new Map<number, ClassImage[]>();
  const entry = (image: CheckedImage, label: number): ClassImage => {
    const list = classes.get(label) ?? [];
    classes.set(label, list);
    if (list.at(-1)?.image !== image) list.push({ image, detections: [], truths: [] });
    return list.at(-1)!;
  };
  for (const image of images) {
    const { labels, scores } = image.detections;
    const order = byFallingScore(scores);
    for (const d of order) entry(image, labels[d]!).detections.push(d);
    image.truths.labels.forEach((label, g) => void entry(image, label).truths.push(g));
  }
  return classes;
}

/** Indices of `scores` from the highest to the lowest; equal scores stay in order (sort is stable). */
export function byFallingScore(scores: ArrayLike<number>): number[] {
  return Array.from({ length: scores.length }, (_, i) => i).sort((a, b) => scores[b]! - scores[a]!);
}
