import type { Backbone } from "../presets/schema.js";
import { separableExtras } from "./extras.js";
import type { GraphBuilder } from "./graph.js";

/** Expansion, channels, repeats, stride of the first (MobileNetV2, arXiv 1801.04381, table 2). */
const settings = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
] as const;

/** Channels and expansion of the extra maps of bubbliiiing's SSD. */
const residualExtras = [
  [512, 0.2],
  [256, 0.25],
  [256, 0.5],
  [64, 0.25],
] as const;

/** Values of a feature: what its expansion gives (its input where there is none) and its result. */
interface Feature {
  expanded: number;
  out: number;
}

/**
 * MobileNetV2. Names of the body are torchvision's (`features.{0..18}`).
 *
 * On the grid of 8732 priors, so that it can learn from a VGG teacher: the 38x38 and 19x19 maps are
 * the expansions of features 7 and 14, the 10x10 map is features 18, three extra maps follow.
 *
 * On the grid of 3000 it is bubbliiiing/ssd-pytorch's: features 13 (19x19) under `L2Norm`, features
 * 18, and inverted residuals `extras.{0..3}.conv`, each under a ReLU.
 *
 * @returns The six source maps.
 */
export function buildMobileNetV2(g: GraphBuilder, { sources }: Backbone<"mobilenetv2">): number[] {
  const features = body(g);
  const last = features[18]!.out;
  if (sources === "grid8732") {
    const early = [features[7]!.expanded, features[14]!.expanded];
    return [...early, last, ...separableExtras(g, last, "grid8732")];
  }
  const maps = [g.l2Norm(features[13]!.out, "L2Norm", 20), last];
  let x = last;
  for (const [i, [out, expansion]] of residualExtras.entries()) {
    const block = invertedResidual(g, x, `extras.${i}.conv`, expansion, out, 2);
    x = g.activation(block.out, "relu");
    maps.push(x);
  }
  return maps;
}

function body(g: GraphBuilder): Feature[] {
  let x = g.convNorm(0, "features.0", 32, { stride: 2 }, "relu6");
  const features: Feature[] = [{ expanded: 0, out: x }];
  for (const [expansion, out, repeats, first] of settings) {
    for (let i = 0; i < repeats; i++) {
      const name = `features.${features.length}.conv`;
      const block = invertedResidual(g, x, name, expansion, out, i ? 1 : first);
      features.push(block);
      x = block.out;
    }
  }
  const out = g.convNorm(x, "features.18", 1280, { kernel: 1 }, "relu6");
  return [...features, { expanded: x, out }];
}

function invertedResidual(
  g: GraphBuilder,
  x: number,
  name: string,
  expansion: number,
  out: number,
  stride: number,
): Feature {
  const channels = g.channelsOf(x);
  let part = 0;
  let expanded = x;
  if (expansion !== 1) {
    const wide = Math.round(channels * expansion);
    expanded = g.convNorm(x, `${name}.${part++}`, wide, { kernel: 1 }, "relu6");
  }
  const deep = g.depthwise(expanded, `${name}.${part++}`, { stride });
  const linear = g.conv(deep, `${name}.${part++}`, out, { kernel: 1, bias: false });
  const normed = g.batchNorm(linear, `${name}.${part}`);
  const residual = stride === 1 && channels === out;
  return { expanded, out: residual ? g.sum(x, normed) : normed };
}
