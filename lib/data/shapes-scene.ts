import { between, integer, pick, type Random } from "./random.js";
import {
  boundsOf,
  coveredShare,
  type Outline,
  type Point,
  placed,
  shapeKinds,
  unitOutline,
} from "./shapes-geometry.js";

/** Red, green, blue, 0..255. */
export type Rgb = readonly [red: number, green: number, blue: number];

/** One shape of a scene. Its colours say nothing about its class. */
export interface Shape {
  outline: Outline;
  fill: Rgb;
  /** Direction and strength of the light on it. */
  light: Point;
  /** Width of the rim in pixels, and its colour; 0 without one. */
  rim: number;
  rimColour: Rgb;
}

/** A line without class, to be told from the sides of shapes. */
export interface Clutter {
  from: Point;
  to: Point;
  width: number;
  colour: Rgb;
}

/** Everything a picture is drawn from. Shapes in painter's order: the last lies on top. */
export interface Scene {
  width: number;
  height: number;
  /** Colours at the two ends of the background's gradient, and its direction (length 1). */
  background: { from: Rgb; to: Rgb; direction: Point };
  /** Seed, cell in pixels, and swing of the background's texture. */
  texture: { seed: number; cell: number; swing: number };
  clutter: Clutter[];
  shapes: Shape[];
  /** Swing of the grain over everything, and its seed. */
  grain: { seed: number; swing: number };
}

/** Shapes as a fraction of the shorter side, at least and at most. */
const sizes = [0.1, 0.6] as const;
/** Share of a shape that others may lie on. */
const mostCovered = 0.5;
const emptyPictures = 0.08;
/** Width over height. */
const aspects = [4 / 3, 4 / 3, 3 / 2, 1, 3 / 4, 2 / 3] as const;

/** Makes up a scene; `size` is about its longer side in pixels. */
export function makeScene(random: Random, size: number): Scene {
  const long = Math.round(size * between(random, 0.9, 1.1));
  const aspect = pick(random, aspects);
  const width = Math.round(aspect >= 1 ? long : long * aspect);
  const height = Math.round(aspect >= 1 ? long / aspect : long);
  const turn = between(random, 0, 2 * Math.PI);
  const from = muted(random);
  const to = muted(random);
  const scene: Scene = {
    width,
    height,
    background: { from, to, direction: [Math.cos(turn), Math.sin(turn)] },
    texture: {
      seed: integer(random, 0, 2 ** 31),
      cell: between(random, size / 20, size / 4),
      swing: between(random, 10, 45),
    },
    clutter: [],
    shapes: [],
    grain: { seed: integer(random, 0, 2 ** 31), swing: between(random, 2, 10) },
  };
  const lines = integer(random, 2, 9);
  for (let i = 0; i < lines; i++) scene.clutter.push(makeLine(random, scene));
  const count = random() < emptyPictures ? 0 : integer(random, 1, 5);
  for (let i = 0; i < count; i++) addShape(random, scene);
  return scene;
}

/** Adds a shape where it hides none; in a crowded scene there may be no such place. */
function addShape(random: Random, scene: Scene): void {
  for (let attempt = 0; attempt < 10; attempt++) {
    const unit = unitOutline(pick(random, shapeKinds), random);
    const shorter = Math.min(scene.width, scene.height);
    // Evenly over the logarithm: as many between 10 and 20 % as between 20 and 40 %.
    const size = shorter * sizes[0] * (sizes[1] / sizes[0]) ** random();
    const [x1, y1, x2, y2] = boundsOf(placed(unit, size, [0, 0]));
    const centre: Point = [
      between(random, 1 - x1, scene.width - 1 - x2),
      between(random, 1 - y1, scene.height - 1 - y2),
    ];
    const outline = placed(unit, size, centre);
    if (hides(outline, scene.shapes)) continue;
    scene.shapes.push(dressed(random, outline, scene));
    return;
  }
}

/** Whether a new shape would leave too little of one that is there. */
function hides(outline: Outline, shapes: readonly Shape[]): boolean {
  const stack = [...shapes.map((shape) => shape.outline), outline];
  return shapes.some((shape, i) => coveredShare(shape.outline, stack.slice(i + 1)) > mostCovered);
}

function dressed(random: Random, outline: Outline, scene: Scene): Shape {
  const { from, to } = scene.background;
  const taken = [from, to, mix(from, to, 0.5), ...scene.shapes.map((shape) => shape.fill)];
  const fill = unlike(random, taken);
  const turn = between(random, 0, 2 * Math.PI);
  const strength = between(random, 0, 0.25);
  const [x1, , x2] = boundsOf(outline);
  const hasRim = random() < 0.4;
  return {
    outline,
    fill,
    light: [strength * Math.cos(turn), strength * Math.sin(turn)],
    rim: hasRim ? Math.max(1, (x2 - x1) * between(random, 0.04, 0.1)) : 0,
    rimColour: mix(fill, random() < 0.5 ? [0, 0, 0] : [255, 255, 255], between(random, 0.4, 0.8)),
  };
}

function makeLine(random: Random, { width, height }: Scene): Clutter {
  return {
    from: [between(random, 0, width), between(random, 0, height)],
    to: [between(random, 0, width), between(random, 0, height)],
    width: between(random, 0.6, 2.5),
    colour: [integer(random, 0, 255), integer(random, 0, 255), integer(random, 0, 255)],
  };
}

/** A vivid colour that stands out from others; of some tries the best, should none do. */
function unlike(random: Random, others: readonly Rgb[]): Rgb {
  let best: Rgb = [0, 0, 0];
  let most = -1;
  for (let attempt = 0; attempt < 24; attempt++) {
    const colour = hsv(random() * 6, between(random, 0.5, 1), between(random, 0.45, 1));
    const nearest = Math.min(...others.map((other) => distance(colour, other)));
    if (nearest > 110) return colour;
    if (nearest > most) [best, most] = [colour, nearest];
  }
  return best;
}

function muted(random: Random): Rgb {
  return hsv(random() * 6, between(random, 0, 0.45), between(random, 0.15, 0.9));
}

function distance(a: Rgb, b: Rgb): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}

/** The colour a fraction of the way from one to another. */
export function mix(a: Rgb, b: Rgb, t: number): Rgb {
  return [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t, a[2] + (b[2] - a[2]) * t];
}

/** Hue of 0..6, saturation and value of 0..1. */
function hsv(hue: number, saturation: number, value: number): Rgb {
  const channel = (offset: number) => {
    const k = (offset + hue) % 6;
    return 255 * value * (1 - saturation * Math.max(0, Math.min(k, 4 - k, 1)));
  };
  return [channel(5), channel(3), channel(1)];
}
