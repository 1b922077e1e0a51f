import type { GraphNode } from "../native-engine.js";
import type { Preset } from "../presets.js";
import { buildGraph } from "./build.js";

interface Shape {
  channels: number;
  side: number;
}

/** Numbers in every value of a preset's network for one picture: the picture, then node by node. */
export function valueSizes(preset: Preset, foreground: number): number[] {
  const shapes: Shape[] = [{ channels: 3, side: preset.size }];
  for (const node of buildGraph(preset, foreground).nodes) {
    shapes.push(
      shapeAfter(
        node,
        node.inputs.map((input) => shapes[input]!),
      ),
    );
  }
  return shapes.map(({ channels, side }) => channels * side * side);
}

function shapeAfter(node: GraphNode, inputs: Shape[]): Shape {
  const { op, kernel = 1, stride = 1, padding = 0, dilation = 1, ceil = false } = node;
  const [{ channels, side }] = inputs as [Shape, ...Shape[]];
  if (op === "avgpool") return { channels, side: 1 };
  if (op !== "conv" && op !== "maxpool") {
    // A factor of one cell is spread over the map.
    return { channels, side: Math.max(...inputs.map((input) => input.side)) };
  }
  const steps = (side + 2 * padding - dilation * (kernel - 1) - 1) / stride;
  return {
    channels: op === "conv" ? node.out! : channels,
    side: (ceil ? Math.ceil(steps) : Math.floor(steps)) + 1,
  };
}
