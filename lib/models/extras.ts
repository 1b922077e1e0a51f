import type { GraphBuilder } from "./graph.js";

const squeeze = { kernel: 1 };
const halve = { kernel: 3, stride: 2, padding: 1 };
const shrink = { kernel: 3, padding: 0 };
const plain = [
  [256, squeeze],
  [512, halve],
  [128, squeeze],
  [256, halve],
  [128, squeeze],
  [256, shrink],
  [128, squeeze],
  [256, shrink],
] as const;

/**
 * SSD300's eight extra convolutions after a 19x19 map (arXiv 1512.02325, section 3.1): `extras.{0..7}`,
 * ReLU after each, Xavier's start.
 *
 * @returns The four maps, 10, 5, 3 and 1.
 */
export function plainExtras(g: GraphBuilder, x: number): number[] {
  const maps: number[] = [];
  for (const [i, [out, shape]] of plain.entries()) {
    x = g.activation(g.conv(x, `extras.${i}`, out, { ...shape, init: "xavier" }), "relu");
    if (i % 2 === 1) maps.push(x);
  }
  return maps;
}

/** Middle and output channels, stride and padding of SSDLite's extra maps. */
const separable = {
  /** After a 10x10 map: 5, 3, 1. */
  grid8732: [
    [256, 512, 2, 1],
    [128, 256, 2, 1],
    [128, 256, 1, 0],
  ],
  /** torchvision's, after a 10x10 map: 5, 3, 2, 1. */
  ssdlite320: [
    [256, 512, 2, 1],
    [128, 256, 2, 1],
    [128, 256, 2, 1],
    [64, 128, 2, 1],
  ],
} as const;

/**
 * Extra maps as SSDLite has them (arXiv 1801.04381, section 6.2): `extras.{i}.{0,1,2}` are pointwise,
 * depthwise, pointwise, each with BatchNorm and ReLU6.
 *
 * @returns The maps.
 */
export function separableExtras(g: GraphBuilder, x: number, kind: keyof typeof separable) {
  const maps: number[] = [];
  for (const [i, [middle, out, stride, padding]] of separable[kind].entries()) {
    x = g.convNorm(x, `extras.${i}.0`, middle, { kernel: 1 }, "relu6");
    x = g.depthwise(x, `extras.${i}.1`, { stride, padding });
    x = g.convNorm(x, `extras.${i}.2`, out, { kernel: 1 }, "relu6");
    maps.push(x);
  }
  return maps;
}
