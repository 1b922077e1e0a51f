import { between, integer, type Random, stream } from "../data/random.js";
import type { Target } from "../ops.js";
import { Tensor } from "../tensor.js";

/** Foreground classes of what is made up, as many as VOC has. */
export const madeUpClasses = Array.from({ length: 20 }, (_, i) => `class ${i}`);

/** One to eight truths a picture, sides of 6 % to 90 % with small ones as frequent as large ones. */
export function madeUpTruths(pictures: number, classes: number): Target[] {
  return Array.from({ length: pictures }, (_, picture) => {
    const random = stream(1, picture);
    const count = integer(random, 1, 8);
    return {
      boxes: Float32Array.from(Array.from({ length: count }, () => box(random)).flat()),
      labels: Int32Array.from({ length: count }, () => integer(random, 0, classes - 1)),
    };
  });
}

function box(random: Random): number[] {
  const side = Math.exp(between(random, Math.log(0.06), Math.log(0.9)));
  const root = Math.sqrt(Math.exp(between(random, -0.7, 0.7)));
  const [w, h] = [side * root, side / root].map((length) => Math.min(length, 0.98));
  const [x, y] = [between(random, 0, 1 - w!), between(random, 0, 1 - h!)];
  return [x, y, x + w!, y + h!];
}

/**
 * Numbers as a network's outputs have them: around 0, most within `scale`.
 *
 * @param first Added to the first of each row: the logit of the background.
 */
export function noise(shape: number[], scale: number, seed: number, first = 0): Tensor {
  const random = stream(seed, 0);
  const count = shape.reduce((product, side) => product * side, 1);
  // Three uniform numbers together are near enough to a normal one, and twenty times as quick.
  const values = Float32Array.from({ length: count }, (_, i) => {
    const value = 2 * scale * (random() + random() + random() - 1.5);
    return i % shape.at(-1)! === 0 ? value + first : value;
  });
  return Tensor.from(values, shape);
}

/** Truths as plain lists, for a peer. */
export function asLists(truths: readonly Target[]): { truths: [number[][], number[]][] } {
  return {
    truths: truths.map(({ boxes, labels }) => {
      const flat = Array.from(boxes as Float32Array);
      const four = (i: number) => flat.slice(4 * i, 4 * i + 4);
      return [Array.from({ length: labels.length }, (_, i) => four(i)), Array.from(labels)];
    }),
  };
}
