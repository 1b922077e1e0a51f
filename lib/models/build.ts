import type { Graph } from "../native.js";
import type { Preset } from "../presets.js";
import { GraphBuilder } from "./graph.js";
import { buildMobileNetV2 } from "./mobilenetv2.js";
import { buildStages } from "./stages.js";
import { buildVgg } from "./vgg.js";

/** The graph of a preset for a number of foreground classes. */
export function buildGraph(preset: Preset, foreground: number): Graph {
  const g = new GraphBuilder();
  const sources = buildBackbone(g, preset);
  const numClasses = foreground + 1;
  const loc: number[] = [];
  const conf: number[] = [];
  for (const [i, source] of sources.entries()) {
    const priors = priorsPerCell(preset, i);
    loc.push(head(g, source, `loc.${i}`, priors * 4, preset.head));
    conf.push(head(g, source, `conf.${i}`, priors * numClasses, preset.head));
  }
  return g.graph(loc, conf, numClasses);
}

/** Name prefixes of the tensors that the freeze phase keeps as they are. */
export function backbonePrefixes(preset: Preset): string[] {
  return [{ vgg: "vgg.", mobilenetv2: "features.", stages: "stages." }[preset.backbone.kind]];
}

function priorsPerCell(preset: Preset, map: number): number {
  return 2 + 2 * preset.ratios[map]!.length;
}

function buildBackbone(g: GraphBuilder, { backbone }: Preset): number[] {
  switch (backbone.kind) {
    case "vgg":
      return buildVgg(g, backbone);
    case "mobilenetv2":
      return buildMobileNetV2(g);
    case "stages":
      return buildStages(g, backbone);
  }
}

/** A predictor: a 3x3 convolution, or SSDLite's depthwise-separable one (arXiv 1801.04381, 6.2). */
function head(g: GraphBuilder, x: number, name: string, out: number, kind: Preset["head"]): number {
  if (kind === "conv") return g.conv(x, name, out, { init: "xavier" });
  const deep = g.depthwise(x, `${name}.0`);
  return g.conv(deep, `${name}.1`, out, { kernel: 1, init: "xavier" });
}
