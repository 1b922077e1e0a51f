import type { GraphBuilder } from "./graph.js";

/** MobileNetV2 (arXiv 1801.04381) with SSDLite's extra maps. */
export interface MobileNetV2Backbone {
  kind: "mobilenetv2";
}

/** Expansion, channels, repeats, stride of the first (table 2 of the paper). */
const settings = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
] as const;

/** Middle and output channels, stride and padding of the extra maps after the body: 5, 3, 1. */
const extras = [
  [256, 512, 2, 1],
  [128, 256, 2, 1],
  [128, 256, 1, 0],
] as const;

/**
 * MobileNetV2 on the 8732-prior grid, so that it can learn from a VGG teacher: the 38x38 and 19x19
 * maps are the expansions of features 7 and 14, the 10x10 map is features 18. Names of the body are
 * torchvision's (`features.*`); `extras.{i}.{0,1,2}` are pointwise, depthwise, pointwise.
 *
 * @returns The six source maps.
 */
export function buildMobileNetV2(g: GraphBuilder): number[] {
  const sources: number[] = [];
  let x = g.convNorm(0, "features.0", 32, { stride: 2 }, "relu6");
  let index = 1;
  for (const [expansion, out, repeats, first] of settings) {
    for (let i = 0; i < repeats; i++, index++) {
      const block = invertedResidual(g, x, `features.${index}.conv`, expansion, out, i ? 1 : first);
      if (index === 7 || index === 14) sources.push(block.expanded);
      x = block.out;
    }
  }
  x = g.convNorm(x, "features.18", 1280, { kernel: 1 }, "relu6");
  sources.push(x);
  for (const [i, [middle, out, stride, padding]] of extras.entries()) {
    x = g.convNorm(x, `extras.${i}.0`, middle, { kernel: 1 }, "relu6");
    x = g.depthwise(x, `extras.${i}.1`, { stride, padding });
    x = g.convNorm(x, `extras.${i}.2`, out, { kernel: 1 }, "relu6");
    sources.push(x);
  }
  return sources;
}

function invertedResidual(
  g: GraphBuilder,
  x: number,
  name: string,
  expansion: number,
  out: number,
  stride: number,
): { expanded: number; out: number } {
  const channels = g.channelsOf(x);
  let part = 0;
  let expanded = x;
  if (expansion !== 1) {
    expanded = g.convNorm(x, `${name}.${part++}`, channels * expansion, { kernel: 1 }, "relu6");
  }
  const deep = g.depthwise(expanded, `${name}.${part++}`, { stride });
  const linear = g.conv(deep, `${name}.${part++}`, out, { kernel: 1, bias: false });
  const normed = g.batchNorm(linear, `${name}.${part}`);
  const residual = stride === 1 && channels === out;
  return { expanded, out: residual ? g.sum(x, normed) : normed };
}
