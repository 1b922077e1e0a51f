import type { Detector } from "../../lib/detector.js";
import type { GraphBuilder } from "../../lib/models/graph.js";

// What tests of architectures ask of a graph.

/** Names of the BatchNorms or convolutions whose activations are these source maps. */
export function sourceNames(g: GraphBuilder, sources: readonly number[]): (string | undefined)[] {
  return sources.map((source) => g.nodes[g.nodes[source - 1]!.inputs[0]! - 1]!.name);
}

/** Channels of values. */
export function channelsOf(g: GraphBuilder, values: readonly number[]): number[] {
  return values.map((value) => g.channelsOf(value));
}

/** Number of trained numbers under a prefix: what projects publish, without statistics. */
export function trained(detector: Detector, prefix = ""): number {
  return Object.entries(detector.stateDict())
    .filter(([name]) => name.startsWith(prefix) && !/running_|num_batches/.test(name))
    .reduce((sum, [, { shape }]) => sum + shape.reduce((product, side) => product * side, 1), 0);
}
