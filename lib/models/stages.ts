import type { GraphBuilder } from "./graph.js";

/** A plain small network: each stage halves the map, then refines it. */
export interface StagesBackbone {
  kind: "stages";
  /** Channels of each stage; stage k has stride 2^(k+1). */
  channels: readonly number[];
  /** Convolutions of a stage after the one that halves. */
  depth: number;
}

/**
 * Stages of 3x3 convolution, BatchNorm, ReLU; from stride 8 on each stage's result is a source.
 * Names: `stages.{stage}.{k}.{0,1}.*`.
 */
export function buildStages(g: GraphBuilder, { channels, depth }: StagesBackbone): number[] {
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
