import type { Box } from "./dataset.js";
import { between, type Random } from "./random.js";

/** The classes of the synthetic shapes, in label order. */
export const shapeKinds = ["circle", "square", "triangle"] as const;
export type ShapeKind = (typeof shapeKinds)[number];

export type Point = readonly [x: number, y: number];

/** A convex outline in pixels: a circle, or a polygon whose corners run clockwise on the screen. */
export type Outline =
  | { kind: "circle"; centre: Point; radius: number }
  | { kind: "square" | "triangle"; centre: Point; corners: Point[] };

/** An outline of the size 1 about the origin, turned at random: its longer side measures 1. */
export function unitOutline(kind: ShapeKind, random: Random): Outline {
  if (kind === "circle") return { kind, centre: [0, 0], radius: 0.5 };
  const count = kind === "square" ? 4 : 3;
  const turn = between(random, 0, (2 * Math.PI) / count);
  // Not all alike: a corner of a triangle may stand out or back a little, a square is one.
  const corners = Array.from({ length: count }, (_, i): Point => {
    const angle = turn + (2 * Math.PI * i) / count;
    const reach = kind === "square" ? 1 : between(random, 0.85, 1.15);
    return [reach * Math.cos(angle), reach * Math.sin(angle)];
  });
  const raw: Outline = { kind, centre: [0, 0], corners };
  const [x1, y1, x2, y2] = boundsOf(raw);
  const side = Math.max(x2 - x1, y2 - y1);
  const middle: Point = [(x1 + x2) / 2, (y1 + y2) / 2];
  const centred = corners.map(([x, y]): Point => [(x - middle[0]) / side, (y - middle[1]) / side]);
  return { kind, centre: [0, 0], corners: centred };
}

/** An outline of size 1, made as large as `size` and moved to `centre`. */
export function placed(unit: Outline, size: number, centre: Point): Outline {
  if (unit.kind === "circle") return { ...unit, centre, radius: unit.radius * size };
  const corners = unit.corners.map(([x, y]): Point => [centre[0] + x * size, centre[1] + y * size]);
  return { ...unit, centre, corners };
}

/** The smallest box around an outline. */
export function boundsOf(outline: Outline): Box {
  if (outline.kind === "circle") {
    const { centre, radius } = outline;
    return [centre[0] - radius, centre[1] - radius, centre[0] + radius, centre[1] + radius];
  }
  const xs = outline.corners.map(([x]) => x);
  const ys = outline.corners.map(([, y]) => y);
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
}

/** How deep a point lies inside an outline, in pixels; negative outside. */
export function depth(outline: Outline, x: number, y: number): number {
  if (outline.kind === "circle") {
    return outline.radius - Math.hypot(x - outline.centre[0], y - outline.centre[1]);
  }
  let least = Number.POSITIVE_INFINITY;
  const { corners } = outline;
  for (let i = 0; i < corners.length; i++) {
    const [ax, ay] = corners[i]!;
    const [bx, by] = corners[(i + 1) % corners.length]!;
    const length = Math.hypot(bx - ax, by - ay);
    least = Math.min(least, ((bx - ax) * (y - ay) - (by - ay) * (x - ax)) / length);
  }
  return least;
}

/** Share of an outline's area that the others lie on, from a grid of 24 by 24 points. */
export function coveredShare(outline: Outline, others: readonly Outline[]): number {
  const [x1, y1, x2, y2] = boundsOf(outline);
  const grid = 24;
  let inside = 0;
  let covered = 0;
  for (let row = 0; row < grid; row++) {
    for (let column = 0; column < grid; column++) {
      const x = x1 + ((column + 0.5) / grid) * (x2 - x1);
      const y = y1 + ((row + 0.5) / grid) * (y2 - y1);
      if (depth(outline, x, y) <= 0) continue;
      inside++;
      if (others.some((other) => depth(other, x, y) > 0)) covered++;
    }
  }
  return inside === 0 ? 0 : covered / inside;
}
