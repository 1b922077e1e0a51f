import type { Box } from "../data/dataset.js";
import type { Size } from "../data/picture.js";
import { hex, type Rgb, textColour } from "./colour.js";
import { DESCENT, type TextPath, textPath } from "./font.js";

/** A box to draw. */
export interface DrawnBox {
  /** Name of the class. */
  label: string;
  /** 0 to 1, written behind the name. */
  score?: number;
  /** Written behind the name in brackets. */
  remark?: string;
  /** Corners in pixels of the picture, 0-based. */
  box: Box;
  /** A truth is dashed with a dark tag below, a detection is solid with a coloured tag above. */
  kind: "truth" | "detection";
}

/** Upper left corner and size in pixels. */
export interface Rect extends Size {
  x: number;
  y: number;
}

/** Name and score on a filled plate; the plate is added to `taken`. */
export function tag(
  { label, score, remark, box, kind }: DrawnBox,
  size: Size,
  capital: number,
  line: number,
  colour: Rgb,
  taken: Rect[],
): string {
  const named = remark === undefined ? label : `${label} (${remark})`;
  const text = textPath(score === undefined ? named : `${named} ${score.toFixed(2)}`, capital);
  const [padX, padTop] = [capital * 0.5, capital * 0.45];
  const width = text.width + 2 * padX;
  const height = capital * (1 + DESCENT) + padTop + capital * 0.2;
  const plate = place({ width, height }, box, kind, size, line, taken);
  taken.push(plate);
  const fill: Rgb = kind === "truth" ? [20, 24, 28] : colour;
  const ink = kind === "truth" ? ([255, 255, 255] as const) : textColour(colour);
  return (
    `<rect x="${n(plate.x)}" y="${n(plate.y)}" width="${n(width)}" height="${n(height)}" ` +
    `rx="${n(capital * 0.22)}" fill="${hex(fill)}" fill-opacity="${kind === "truth" ? ".8" : "1"}"/>` +
    writing(text, plate.x + padX, plate.y + padTop, ink)
  );
}

/** A text's strokes, its upper left corner at a place. */
export function writing({ d, stroke }: TextPath, x: number, y: number, ink: Rgb): string {
  return (
    `<path transform="translate(${n(x)} ${n(y)})" d="${d}" fill="none" stroke="${hex(ink)}" ` +
    `stroke-width="${n(stroke)}" stroke-linecap="round" stroke-linejoin="round"/>`
  );
}

/** The first free of six places at the box's corners, inside the picture; the first of all if none is. */
function place(
  { width, height }: Size,
  [x1, y1, x2, y2]: Box,
  kind: DrawnBox["kind"],
  size: Size,
  line: number,
  taken: readonly Rect[],
): Rect {
  const half = line / 2;
  const left = x1 - half;
  const right = x2 + half - width;
  const above = y1 - half - height;
  const below = y2 + half;
  const places: [x: number, y: number][] = [
    [left, above],
    [right, above],
    [left, y1 - half],
    [left, below],
    [right, below],
    [left, y2 + half - height],
  ];
  if (kind === "truth") places.push(...places.splice(0, 3));
  const inside = places.map(([x, y]) => ({
    x: Math.max(0, Math.min(x, size.width - width)),
    y: Math.max(0, Math.min(y, size.height - height)),
    width,
    height,
  }));
  return inside.find((plate) => !taken.some((other) => overlap(plate, other))) ?? inside[0]!;
}

function overlap(a: Rect, b: Rect): boolean {
  const apart = a.x + a.width <= b.x || b.x + b.width <= a.x;
  return !apart && a.y + a.height > b.y && b.y + b.height > a.y;
}

/** A coordinate with two decimals. */
export function n(value: number): string {
  return String(Math.round(value * 100) / 100);
}
