import type { Box } from "./dataset.js";
import type { Size } from "./picture.js";
import { numberOf, Unusable, type WrittenObject } from "./reader.js";
import { linesOf } from "./text.js";

/** Shares of a side that a printed box may be off by: four digits are the fewest anybody writes. */
const rounding = 1e-4;

/**
 * Parses a label file: on a line `class cx cy width height`, or `class x1 y1 x2 y2 x3 y3 …`, an
 * outline, of which the bounding box is taken; shares of the picture's sides.
 *
 * @param size The picture's, for boxes in pixels.
 * @param file For messages.
 * @throws Unusable "broken-annotation" or "unknown-class", with the object's index
 */
export function parseLabels(
  text: string,
  names: readonly string[],
  { width, height }: Size,
  file: string,
): WrittenObject[] {
  return linesOf(text).map((line, index) => {
    const [first, ...rest] = line.split(/\s+/);
    const name = nameOf(first!, names, (kind, message) => new Unusable(kind, file, message, index));
    const outline = rest.length >= 6 && rest.length % 2 === 0;
    if (rest.length !== 4 && !outline) {
      const message = `expected a class and 4 numbers (cx cy width height), or an outline of 3 points or more, got ${rest.length + 1} columns`;
      throw new Unusable("broken-annotation", file, message, index);
    }
    const numbers = rest.map(numberOf);
    const [x1, y1, x2, y2] = (outline ? boundsOf(numbers) : cornersOf(numbers)).map(snapped) as Box;
    return {
      name,
      box: [x1 * width, y1 * height, x2 * width, y2 * height],
      difficult: false,
      written: outline ? `an outline of ${rest.length / 2} points` : `(${rest.join(" ")})`,
    };
  });
}

function nameOf(
  written: string,
  names: readonly string[],
  problem: (kind: "broken-annotation" | "unknown-class", message: string) => Unusable,
): string {
  const label = numberOf(written);
  if (!Number.isInteger(label)) {
    throw problem("broken-annotation", `expected the number of a class, got "${written}"`);
  }
  const name = names[label];
  if (name !== undefined) return name;
  throw problem("unknown-class", `expected a class from 0 to ${names.length - 1}, got ${written}`);
}

function cornersOf(numbers: readonly number[]): number[] {
  const [cx, cy, width, height] = numbers as Box;
  return [cx - width / 2, cy - height / 2, cx + width / 2, cy + height / 2];
}

function boundsOf(points: readonly number[]): number[] {
  const [xs, ys] = [0, 1].map((axis) => points.filter((_, i) => i % 2 === axis));
  return [Math.min, Math.max].flatMap((most) => [reduce(xs!, most), reduce(ys!, most)]);
}

// Not by spreading: an outline may have more points than a call takes arguments.
const reduce = (values: readonly number[], most: (a: number, b: number) => number) =>
  values.reduce((a, b) => most(a, b));

/** A corner on the picture's edge, when its digits put it a little outside. */
function snapped(corner: number): number {
  if (corner < 0 && corner > -rounding) return 0;
  return corner > 1 && corner < 1 + rounding ? 1 : corner;
}
