import type { Decoded } from "../../lib/data/picture.js";
import type { Target } from "../../lib/ops.js";
import { Tensor } from "../../lib/tensor.js";
import { there } from "./device.js";
import { below, uniform } from "./hashed.js";

// Pictures and truths by name (scripts/golden/pictures.py draws the same, and says why these).

const cell = 25;

/** float32 `[B, 3, S, S]`, about -1 to 1: patches under noise. */
export function images(name: string, batch: number, size: number): Tensor {
  const side = Math.ceil(size / cell);
  const patches = uniform(`${name}/patches`, batch * 3 * side * side);
  const noise = uniform(`${name}/noise`, batch * 3 * size * size);
  const pixels = Float32Array.from(noise, (value, i) => {
    const [plane, y, x] = [Math.floor(i / size / size), Math.floor(i / size) % size, i % size];
    const patch = (plane * side + Math.floor(y / cell)) * side + Math.floor(x / cell);
    return patches[patch]! * 0.75 + value * 0.25;
  });
  return there(Tensor.from(pixels, [batch, 3, size, size]));
}

/** Truths of one picture: an object of each of `sides` in 1/4096 of it, off by up to an eighth. */
export function truths(name: string, sides: readonly number[], classes: number): Target {
  const jitter = below(`${name}/sides`, sides.length * 2, 513);
  const starts = below(`${name}/starts`, sides.length * 2, 4097);
  const boxes = sides.map((side, i) => {
    const long = (k: number) => side + ((side * (jitter[2 * i + k]! - 256)) >> 11);
    const start = (k: number) => (starts[2 * i + k]! * (4096 - long(k))) >> 12;
    const corners = [start(0), start(1), start(0) + long(0), start(1) + long(1)];
    return corners.map((corner) => corner / 4096);
  });
  return { boxes, labels: below(`${name}/labels`, sides.length, classes) };
}

/** Pixels of a patch of one colour in a raster. */
const tile = 7;

/** The colours of a raster: the lowest, how many above it, in steps of; and how far the noise goes. */
const kinds = {
  plain: [20, 216, 1, 18],
  dark: [0, 40, 1, 12],
  vivid: [0, 2, 255, 6],
  grey: [20, 216, 1, 18],
} as const;

export type RasterKind = keyof typeof kinds;

/** A decoded picture: u8 RGB, tiles of one colour each under noise. */
export function raster(name: string, width: number, height: number, kind: RasterKind): Decoded {
  const [low, count, step, noise] = kinds[kind];
  const channels = kind === "grey" ? 1 : 3;
  const columns = Math.ceil(width / tile);
  const tiles = below(`${name}/tiles`, Math.ceil(height / tile) * columns * channels, count);
  const shake = below(`${name}/noise`, height * width * channels, 2 * noise + 1);
  const data = Uint8Array.from({ length: height * width * 3 }, (_, i) => {
    const [pixel, channel] = [Math.floor(i / 3), (i % 3) % channels];
    const [y, x] = [Math.floor(pixel / width), pixel % width];
    const colour = (Math.floor(y / tile) * columns + Math.floor(x / tile)) * channels + channel;
    const value = low + step * tiles[colour]! + shake[pixel * channels + channel]! - noise;
    return Math.min(Math.max(value, 0), 255);
  });
  return { data, width, height };
}
