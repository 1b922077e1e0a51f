import { SsdError } from "../errors.js";
import type { Graph } from "../native-engine.js";
import type { Preset } from "../presets.js";
import { GraphBuilder } from "./graph.js";
import { buildMobileNetV2 } from "./mobilenetv2.js";
import { buildMobileNetV3 } from "./mobilenetv3.js";
import { buildResNet } from "./resnet.js";
import { buildStages } from "./stages.js";
import { buildVgg } from "./vgg.js";

/**
 * The graph of a preset for a number of foreground classes.
 *
 * @throws SsdError BAD_OPTION when the preset has not a map for each source of its backbone.
 */
export function buildGraph(preset: Preset, foreground: number): Graph {
  const g = new GraphBuilder(preset.batchNorm);
  const sources = buildBackbone(g, preset);
  checkMaps(preset, sources.length);
  const numClasses = foreground + 1;
  const heads = (name: string, width: number) =>
    sources.map((source, i) =>
      head(g, source, `${name}.${i}`, priorsPerCell(preset, i) * width, preset.head),
    );
  // All offsets before all classes: the order of the state dict is ssd.pytorch's.
  const loc = heads("loc", 4);
  return g.graph(loc, heads("conf", numClasses), numClasses);
}

const prefixes: Record<Preset["backbone"]["kind"], string> = {
  vgg: "vgg.",
  mobilenetv2: "features.",
  mobilenetv3: "features.",
  resnet: "resnet.",
  stages: "stages.",
};

/** Name prefixes of the tensors that the freeze phase keeps as they are. */
export function backbonePrefixes(preset: Preset): string[] {
  return [prefixes[preset.backbone.kind]];
}

function checkMaps({ name, maps, steps, sizes, ratios }: Preset, sources: number): void {
  const lengths = { maps, steps, ratios, sizes: sizes.slice(1) };
  for (const [key, { length }] of Object.entries(lengths)) {
    if (length === sources) continue;
    const more = key === "sizes" ? 1 : 0;
    throw new SsdError(
      "BAD_OPTION",
      `preset ${name}: expected ${sources + more} ${key} for ${sources} source maps of the backbone, got ${length + more}`,
    );
  }
}

/** Priors of a cell of a map: two squares and two for each ratio. */
export function priorsPerCell(preset: Preset, map: number): number {
  return 2 + 2 * preset.ratios[map]!.length;
}

function buildBackbone(g: GraphBuilder, { backbone }: Preset): number[] {
  switch (backbone.kind) {
    case "vgg":
      return buildVgg(g, backbone);
    case "mobilenetv2":
      return buildMobileNetV2(g, backbone);
    case "mobilenetv3":
      return buildMobileNetV3(g, backbone);
    case "resnet":
      return buildResNet(g, backbone);
    case "stages":
      return buildStages(g, backbone);
  }
}

/** A predictor: a 3x3 convolution, or SSDLite's depthwise-separable one (arXiv 1801.04381, 6.2). */
function head(g: GraphBuilder, x: number, name: string, out: number, kind: Preset["head"]): number {
  if (kind === "conv") return g.conv(x, name, out, { init: "xavier" });
  const deep = g.depthwise(x, `${name}.0`);
  return g.conv(deep, `${name}.1`, out, { kernel: 1, init: "normal" });
}
