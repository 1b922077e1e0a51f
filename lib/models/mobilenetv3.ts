import type { Backbone } from "../presets/schema.js";
import { separableExtras } from "./extras.js";
import type { Activation, GraphBuilder } from "./graph.js";

/** Kernel, expanded and output channels, squeeze-and-excite, activation, stride of a block. */
type Setting = readonly [number, number, number, boolean, Activation, number];

/** Features 1 to 12 (MobileNetV3-Large, arXiv 1905.02244, table 1). */
const settings: readonly Setting[] = [
  [3, 16, 16, false, "relu", 1],
  [3, 64, 24, false, "relu", 2],
  [3, 72, 24, false, "relu", 1],
  [5, 72, 40, true, "relu", 2],
  [5, 120, 40, true, "relu", 1],
  [5, 120, 40, true, "relu", 1],
  [3, 240, 80, false, "hardswish", 2],
  [3, 200, 80, false, "hardswish", 1],
  [3, 184, 80, false, "hardswish", 1],
  [3, 184, 80, false, "hardswish", 1],
  [3, 480, 112, true, "hardswish", 1],
  [3, 672, 112, true, "hardswish", 1],
];

/** Features 13 to 15; a detector may halve their channels (section 6.3). */
function tail(reduced: boolean): readonly Setting[] {
  const [wide, out] = reduced ? [480, 80] : [960, 160];
  const block = [5, wide, out, true, "hardswish", 1] as const;
  return [[5, 672, out, true, "hardswish", 2], block, block];
}

/** The features with squeeze-and-excite. */
export const squeezedFeatures: ReadonlySet<number> = new Set(
  [...settings, ...tail(false)].flatMap(([, , , squeezed], i) => (squeezed ? [i + 1] : [])),
);

/**
 * MobileNetV3-Large with torchvision's names (`features.{0..16}`).
 *
 * On the grid of 8732 priors the 38x38 and 19x19 maps are the expansions of features 7 and 13, the
 * 10x10 map is features 16, and MobileNetV2's three extra maps follow. As torchvision's SSDLite320
 * the 20x20 map is the expansion of features 13, the 10x10 map features 16, with four extra maps.
 *
 * @returns The six source maps.
 */
export function buildMobileNetV3(
  g: GraphBuilder,
  { reducedTail, sources }: Backbone<"mobilenetv3">,
): number[] {
  const expanded: number[] = [0];
  let x = g.convNorm(0, "features.0", 16, { stride: 2 }, "hardswish");
  for (const setting of [...settings, ...tail(reducedTail)]) {
    const block = bottleneck(g, x, `features.${expanded.length}.block`, setting);
    expanded.push(block.expanded);
    x = block.out;
  }
  x = g.convNorm(x, "features.16", 6 * g.channelsOf(x), { kernel: 1 }, "hardswish");
  const early = sources === "grid8732" ? [expanded[7]!, expanded[13]!] : [expanded[13]!];
  return [...early, x, ...separableExtras(g, x, sources)];
}

function bottleneck(
  g: GraphBuilder,
  x: number,
  name: string,
  [kernel, wide, out, squeezed, op, stride]: Setting,
): { expanded: number; out: number } {
  const channels = g.channelsOf(x);
  let part = 0;
  let expanded = x;
  if (wide !== channels) {
    expanded = g.convNorm(x, `${name}.${part++}`, wide, { kernel: 1 }, op);
  }
  let y = g.depthwise(expanded, `${name}.${part++}`, { kernel, stride }, op);
  if (squeezed) y = squeezeExcite(g, y, `${name}.${part++}`);
  y = g.convNorm(y, `${name}.${part}`, out, { kernel: 1 });
  return { expanded, out: stride === 1 && channels === out ? g.sum(x, y) : y };
}

/** A gate for each channel from the means of all (arXiv 1709.01507), a quarter as wide inside. */
function squeezeExcite(g: GraphBuilder, x: number, name: string): number {
  const channels = g.channelsOf(x);
  const narrow = g.conv(g.averagePool(x), `${name}.fc1`, byEights(channels / 4), { kernel: 1 });
  const wide = g.conv(g.activation(narrow, "relu"), `${name}.fc2`, channels, { kernel: 1 });
  return g.scale(x, g.activation(wide, "hardsigmoid"));
}

/** The nearest multiple of 8 that loses no more than a tenth. */
function byEights(channels: number): number {
  const nearest = Math.max(8, Math.round(channels / 8) * 8);
  return nearest < 0.9 * channels ? nearest + 8 : nearest;
}
