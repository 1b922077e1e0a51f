/** Corners of many boxes, four numbers each. */
export type FlatBoxes = ArrayLike<number>;

/**
 * Width and height span of pixel-inclusive boxes is one more than the difference of their corners: what
 * the VOC devkit adds everywhere. Coordinates that are points between pixels add nothing.
 */
export type Extra = 0 | 1;

/** Area of box `i` in square pixels. */
export function boxArea(boxes: FlatBoxes, i: number, extra: Extra): number {
  const at = 4 * i;
  return (boxes[at + 2]! - boxes[at]! + extra) * (boxes[at + 3]! - boxes[at + 1]! + extra);
}

/**
 * Intersection over union of box `i` of `a` with box `j` of `b`; 0 when they do not overlap.
 *
 * @param overFirst Divide by the area of `a`'s box instead of the union: how COCO compares a detection
 *   with a crowd region, which is as good as found when the detection lies inside it.
 */
export function intersectionOverUnion(
  a: FlatBoxes,
  i: number,
  b: FlatBoxes,
  j: number,
  extra: Extra = 0,
  overFirst = false,
): number {
  const [p, q] = [4 * i, 4 * j];
  const width = Math.min(a[p + 2]!, b[q + 2]!) - Math.max(a[p]!, b[q]!) + extra;
  const height = Math.min(a[p + 3]!, b[q + 3]!) - Math.max(a[p + 1]!, b[q + 1]!) + extra;
  if (!(width > 0 && height > 0)) return 0;
  const inter = width * height;
  const area = boxArea(a, i, extra);
  return inter / (overFirst ? area : area + boxArea(b, j, extra) - inter);
}
