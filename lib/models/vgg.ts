import type { Backbone } from "../presets/schema.js";
import { plainExtras } from "./extras.js";
import type { GraphBuilder } from "./graph.js";

/**
 * VGG as SSD uses it (arXiv 1512.02325, section 3.1): reduced fc6 and fc7 as dilated convolutions,
 * L2 normalisation of the stride-8 map, eight extra convolutions. Names are those of ssd.pytorch:
 * `vgg.{index}`, `L2Norm`, `extras.{0..7}`.
 *
 * @returns The six source maps, strides 8 to 300.
 */
export function buildVgg(g: GraphBuilder, { layers }: Backbone<"vgg">): number[] {
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
  return [g.l2Norm(stride8, "L2Norm", 20), x, ...plainExtras(g, x)];
}
