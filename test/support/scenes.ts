import type { Target } from "../../lib/ops.js";
import { Tensor } from "../../lib/tensor.js";
import { below } from "./hashed.js";

// Scenes of boxes by name (scripts/golden/scenes.py draws the same, and says why these).

const exact = 2048;
const draws = 65536;

const kinds: Record<string, readonly [number, number, number] | undefined> = {
  any: [1, 300, 1900],
  even: [1, 300, 1500],
  small: [1, 40, 300],
  tiny: [1, 1, 4],
  whole: [1, 1960, 2048],
  coarse: [128, 1, 12],
};

/** How scenes are drawn; the corners of their boxes are integers over `lattice`. */
export interface Drawing {
  stream: string;
  scenes: number;
  most: number;
  draws: number;
  kinds: readonly string[];
  lattice: number;
  classes: number;
}

type Box = readonly [number, number, number, number];

export function scenes(drawing: Drawing): Target[] {
  const { stream, lattice } = drawing;
  const lots = below(`${stream}/counts`, drawing.scenes * drawing.draws, drawing.most + 1);
  const counts = Array.from({ length: drawing.scenes }, (_, i) =>
    Math.min(...lots.subarray(i * drawing.draws, (i + 1) * drawing.draws)),
  );
  const total = counts.reduce((sum, count) => sum + count, 0);
  const chosen = below(`${stream}/kinds`, total, drawing.kinds.length);
  const numbers = below(`${stream}/numbers`, total * 4, draws);
  const labels = below(`${stream}/labels`, total, drawing.classes);
  let at = 0;
  return counts.map((count) => {
    const boxes: Box[] = [];
    const from = at;
    for (at += count; boxes.length < count; ) {
      const i = from + boxes.length;
      const kind = drawing.kinds[chosen[i]!]!;
      boxes.push(box(kind, numbers.subarray(4 * i, 4 * i + 4), boxes, lattice));
    }
    const corners = Float32Array.from(boxes.flat(), (corner) => corner / lattice);
    return { boxes: corners, labels: labels.subarray(from, at) };
  });
}

/** A number below `limit`. */
function scaled(number: number, limit: number): number {
  return Math.floor((number * limit) / draws);
}

/** Corners in units of the lattice. */
function box(kind: string, numbers: Int32Array, earlier: readonly Box[], lattice: number): Box {
  const [a, b, c, d] = numbers as unknown as Box;
  const shape = kinds[kind];
  if (shape === undefined && earlier.length > 0) {
    const copied = earlier[scaled(a, earlier.length)]!;
    return kind === "again" ? copied : beside(copied, c, d, lattice);
  }
  const [step, least, largest] = shape ?? kinds.any!;
  const finer = lattice / exact;
  const size = (number: number) => least * finer + scaled(number, (largest - least) * finer + 1);
  const start = (number: number, side: number) => scaled(number, lattice / step - side + 1);
  const w = size(a);
  const h = kind === "even" ? Math.floor(scaled(3 * draws + 2 * b, w) / 4) : size(b);
  const [x, y] = [start(c, w), start(d, h)];
  return [step * x, step * y, step * (x + w), step * (y + h)];
}

function beside([x1, y1, x2, y2]: Box, right: number, down: number, lattice: number): Box {
  const reach = Math.floor(lattice / 64);
  const moved = (start: number, number: number, side: number) =>
    Math.max(0, Math.min(start + scaled(number, 2 * reach + 1) - reach, lattice - side));
  const [x, y] = [moved(x1, right, x2 - x1), moved(y1, down, y2 - y1)];
  return [x, y, x + x2 - x1, y + y2 - y1];
}

/** Priors `[P, 4]` (centre form) whose corners are integers over 2048. */
export function snapped(priors: Tensor): Tensor {
  const unit = (i: number) => (i % 4 < 2 ? 1 : 2) / exact;
  const values = Array.from(priors.toArray(), Number);
  const places = values.map((value, i) => Math.floor(value / unit(i) + 0.5) * unit(i));
  return Tensor.from(Float32Array.from(places), priors.shape);
}
