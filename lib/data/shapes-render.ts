import { hash } from "./order.js";
import type { Decoded } from "./picture.js";
import { boundsOf, depth } from "./shapes-geometry.js";
import { type Clutter, mix, type Rgb, type Scene, type Shape } from "./shapes-scene.js";

/** Draws a scene: background, lines, shapes, then grain over all. Edges are smoothed 2x2. */
export function renderScene(scene: Scene): Decoded {
  const { width, height } = scene;
  const canvas: Canvas = { width, height, pixels: new Float32Array(width * height * 3) };
  paintBackground(canvas, scene);
  for (const line of scene.clutter) paintLine(canvas, line);
  for (const shape of scene.shapes) paintShape(canvas, shape);
  return { width, height, data: withGrain(canvas, scene) };
}

interface Canvas {
  width: number;
  height: number;
  pixels: Float32Array;
}

function paintBackground({ width, height, pixels }: Canvas, { background, texture }: Scene): void {
  const { from, to, direction } = background;
  const reach = Math.abs(direction[0]) * width + Math.abs(direction[1]) * height;
  const rough = fractal(width, height, texture);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const along = direction[0] * (x - width / 2) + direction[1] * (y - height / 2);
      const colour = mix(from, to, along / reach + 0.5);
      const added = texture.swing * rough[at / 3]!;
      for (let c = 0; c < 3; c++) pixels[at++] = colour[c]! + added;
    }
  }
}

/** Value noise of three octaves, about -1..1. */
function fractal(width: number, height: number, { seed, cell }: Scene["texture"]): Float32Array {
  const sum = new Float32Array(width * height);
  for (let octave = 0; octave < 3; octave++)
    addNoise(sum, width, seed + octave, cell / 2 ** octave, 0.5 ** octave);
  return sum;
}

/** Adds random values of -swing..swing at the corners of cells, smoothly joined between them. */
function addNoise(
  sum: Float32Array,
  width: number,
  seed: number,
  cell: number,
  swing: number,
): void {
  const height = sum.length / width;
  const columns = Math.floor((width - 1) / cell) + 2;
  const rows = Math.floor((height - 1) / cell) + 2;
  const corners = Float32Array.from({ length: columns * rows }, (_, i) => {
    const value = hash(seed, i % columns, Math.floor(i / columns)) / 2 ** 31 - 1;
    return swing * value;
  });
  for (let y = 0, at = 0; y < height; y++) {
    const row = Math.floor(y / cell);
    const v = smooth(y / cell - row);
    for (let x = 0; x < width; x++, at++) {
      const column = Math.floor(x / cell);
      const u = smooth(x / cell - column);
      const i = row * columns + column;
      const top = corners[i]! * (1 - u) + corners[i + 1]! * u;
      const bottom = corners[i + columns]! * (1 - u) + corners[i + columns + 1]! * u;
      sum[at]! += top * (1 - v) + bottom * v;
    }
  }
}

function smooth(t: number): number {
  return t * t * (3 - 2 * t);
}

function paintLine(canvas: Canvas, { from, to, width, colour }: Clutter): void {
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  const square = dx * dx + dy * dy;
  const inside = (x: number, y: number) => {
    const t = ((x - from[0]) * dx + (y - from[1]) * dy) / square;
    const near = Math.min(1, Math.max(0, t));
    return Math.hypot(x - from[0] - near * dx, y - from[1] - near * dy) < width / 2;
  };
  const box = [
    Math.min(from[0], to[0]) - width,
    Math.min(from[1], to[1]) - width,
    Math.max(from[0], to[0]) + width,
    Math.max(from[1], to[1]) + width,
  ];
  paint(canvas, box, (x, y) => (inside(x, y) ? colour : undefined));
}

function paintShape(canvas: Canvas, { outline, fill, light, rim, rimColour }: Shape): void {
  const box = boundsOf(outline);
  const radius = (box[2] - box[0]) / 2;
  paint(canvas, box, (x, y) => {
    const deep = depth(outline, x, y);
    if (deep <= 0) return undefined;
    const [dx, dy] = [x - outline.centre[0], y - outline.centre[1]];
    const shade = 1 + (light[0] * dx + light[1] * dy) / radius;
    const base = deep < rim ? rimColour : fill;
    return [base[0] * shade, base[1] * shade, base[2] * shade];
  });
}

/** Where a pixel is sampled: the middles of its four quarters. */
const samples = [0.25, 0.75] as const;

/** Paints what `colourAt` gives inside a box, each pixel by the share of its samples it covers. */
function paint(
  { width, height, pixels }: Canvas,
  [x1, y1, x2, y2]: readonly number[],
  colourAt: (x: number, y: number) => Rgb | undefined,
): void {
  const right = Math.min(width, Math.ceil(x2!));
  const bottom = Math.min(height, Math.ceil(y2!));
  const hits: (Rgb | undefined)[] = [];
  for (let y = Math.max(0, Math.floor(y1!)); y < bottom; y++) {
    for (let x = Math.max(0, Math.floor(x1!)); x < right; x++) {
      const at = (y * width + x) * 3;
      for (let i = 0; i < 4; i++) hits[i] = colourAt(x + samples[i % 2]!, y + samples[i >> 1]!);
      for (let c = 0; c < 3; c++) {
        // A sample that misses keeps its quarter of what was there.
        const old = pixels[at + c]!;
        let sum = 0;
        for (let i = 0; i < 4; i++) sum += hits[i] === undefined ? old : hits[i]![c]!;
        pixels[at + c] = sum / 4;
      }
    }
  }
}

function withGrain({ width, pixels }: Canvas, { grain }: Scene): Uint8Array {
  // Clamped and rounded by the array's type.
  const bytes = new Uint8ClampedArray(pixels.length);
  for (let at = 0; at < pixels.length; at += 3) {
    const pixel = at / 3;
    const value = hash(grain.seed, pixel % width, Math.floor(pixel / width)) / 2 ** 31 - 1;
    for (let c = 0; c < 3; c++) bytes[at + c] = pixels[at + c]! + grain.swing * value;
  }
  return new Uint8Array(bytes.buffer);
}
