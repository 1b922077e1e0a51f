import type { GraphBuilder } from "./graph.js";

/** A VGG body: channels of its convolutions; `M` and `C` (ceil mode) are 2x2 pools. */
export interface VggBackbone {
  kind: "vgg";
  layers: readonly (number | "M" | "C")[];
}

/**
 * VGG as SSD uses it (arXiv 1512.02325, section 3.1): reduced fc6 and fc7 as dilated convolutions,
 * L2 normalisation of the stride-8 map, eight extra convolutions. Names are those of ssd.pytorch:
 * `vgg.{index}`, `L2Norm`, `extras.{0..7}`.
 *
 * @returns The six source maps, strides 8 to 300.
 */
export function buildVgg(g: GraphBuilder, { layers }: VggBackbone): number[] {
  const pools = layers.filter((layer) => typeof layer === "string").length;
  let x = 0;
  let index = 0;
  let pool = 0;
  let stride8 = 0;
  const conv = (out: number, shape = {}) => {
    x = g.activation(g.conv(x, `vgg.${index}`, out, shape), "relu");
    index += 2;
  };
  for (const layer of layers) {
    if (typeof layer === "number") {
      conv(layer);
      continue;
    }
    pool += 1;
    if (pool === pools) stride8 = x;
    x = g.maxPool(x, { kernel: 2, stride: 2, ceil: layer === "C" });
    index += 1;
  }
  x = g.maxPool(x, { kernel: 3, stride: 1, padding: 1 });
  index += 1;
  conv(1024, { padding: 6, dilation: 6 });
  conv(1024, { kernel: 1 });
  const sources = [g.l2Norm(stride8, "L2Norm", 20), x];
  for (const [i, [out, shape]] of extras.entries()) {
    x = g.activation(g.conv(x, `extras.${i}`, out, { ...shape, init: "xavier" }), "relu");
    if (i % 2 === 1) sources.push(x);
  }
  return sources;
}

const squeeze = { kernel: 1 };
const halve = { kernel: 3, stride: 2, padding: 1 };
const shrink = { kernel: 3, padding: 0 };
const extras = [
  [256, squeeze],
  [512, halve],
  [128, squeeze],
  [256, halve],
  [128, squeeze],
  [256, shrink],
  [128, squeeze],
  [256, shrink],
] as const;
