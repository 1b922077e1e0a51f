import { squeezedFeatures } from "../../models/mobilenetv3.js";

// timm groups the blocks of a MobileNet by stage and names layers by what they do; torchvision, and
// we, number them in a row. Repeats of a stage: arXiv 1801.04381, table 2, and 1905.02244, table 1.

type Part = readonly [ours: string, theirs: string];

const convNorm = (ours: string, conv: string, norm: string): Part[] => [
  [`${ours}.0`, conv],
  [`${ours}.1`, norm],
];

/** Numbers the blocks in a row from 1: `parts` gives the layers of one. */
function blocks(
  repeats: readonly number[],
  parts: (index: number) => readonly Part[],
): [string, string][] {
  const all = repeats.flatMap((count, stage) =>
    Array.from({ length: count }, (_, block) => `blocks.${stage}.${block}`),
  );
  return all.flatMap((theirs, i) =>
    parts(i + 1).map(([ours, part]): [string, string] => [
      `features.${i + 1}.${ours}`,
      `${theirs}.${part}`,
    ]),
  );
}

/** The first block does not expand: depthwise, then pointwise. */
const v2First: Part[] = [
  ...convNorm("conv.0", "conv_dw", "bn1"),
  ["conv.1", "conv_pw"],
  ["conv.2", "bn2"],
];
const v2Block: Part[] = [
  ...convNorm("conv.0", "conv_pw", "bn1"),
  ...convNorm("conv.1", "conv_dw", "bn2"),
  ["conv.2", "conv_pwl"],
  ["conv.3", "bn3"],
];

/** timm's `mobilenetv2_100`. */
export function timmMobileNetV2(): Record<string, string> {
  return Object.fromEntries([
    ...convNorm("features.0", "conv_stem", "bn1"),
    ...blocks([1, 2, 3, 4, 3, 3, 1], (i) => (i === 1 ? v2First : v2Block)),
    ...convNorm("features.18", "conv_head", "bn2"),
  ]);
}

const v3First: Part[] = [
  ...convNorm("block.0", "conv_dw", "bn1"),
  ...convNorm("block.1", "conv_pw", "bn2"),
];
const v3Body: Part[] = [
  ...convNorm("block.0", "conv_pw", "bn1"),
  ...convNorm("block.1", "conv_dw", "bn2"),
];
const v3Plain: Part[] = [...v3Body, ...convNorm("block.2", "conv_pwl", "bn3")];
const v3Squeezed: Part[] = [
  ...v3Body,
  ["block.2.fc1", "se.conv_reduce"],
  ["block.2.fc2", "se.conv_expand"],
  ...convNorm("block.3", "conv_pwl", "bn3"),
];

/** timm's `mobilenetv3_large_100`. */
export function timmMobileNetV3(): Record<string, string> {
  return Object.fromEntries([
    ...convNorm("features.0", "conv_stem", "bn1"),
    ...blocks([1, 2, 3, 4, 2, 3], (i) =>
      i === 1 ? v3First : squeezedFeatures.has(i) ? v3Squeezed : v3Plain,
    ),
    ["features.16.0", "blocks.6.0.conv"],
    ["features.16.1", "blocks.6.0.bn1"],
  ]);
}
