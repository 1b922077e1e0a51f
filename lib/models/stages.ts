import type { Backbone } from "../presets/schema.js";
import type { GraphBuilder } from "./graph.js";

/**
 * A plain small network: stages of 3x3 convolution, BatchNorm, ReLU; the first of each halves the
 * map, and from stride 8 on its result is a source. Names: `stages.{stage}.{k}.{0,1}.*`.
 */
export function buildStages(g: GraphBuilder, { channels, depth }: Backbone<"stages">): number[] {
  const sources: number[] = [];
  let x = 0;
  for (const [stage, out] of channels.entries()) {
    for (let k = 0; k <= depth; k++) {
      x = g.convNorm(x, `stages.${stage}.${k}`, out, { stride: k === 0 ? 2 : 1 }, "relu");
    }
    if (stage >= 2) sources.push(x);
  }
  return sources;
}
