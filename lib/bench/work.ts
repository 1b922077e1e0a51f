import type { Graph, GraphNode } from "../native-engine.js";
import type { Work } from "./floor.js";

/** Numbers of a convolution: of what enters and leaves for a picture, of its weights, and of products. */
interface Convolution {
  enters: number;
  leaves: number;
  weights: number;
  products: number;
  /** Whether it takes the picture, whose gradient nobody needs. */
  first: boolean;
}

/**
 * What a forward pass of a batch moves and computes at least: each convolution reads what enters it and
 * writes what leaves it once, and everything between two convolutions happens on the way.
 *
 * @param bytes Of a number.
 */
export function forwardWork(graph: Graph, size: number, batch: number, bytes: number): Work[] {
  return convolutions(graph, size).map(({ enters, leaves, weights, products }) => ({
    bytes: bytes * (batch * (enters + leaves) + weights),
    flops: 2 * batch * products,
  }));
}

/**
 * The same of a training step: backward, each convolution reads the gradient of what left it and what
 * entered it, and writes the gradient of that; then the update reads weight, gradient and two averages
 * in float32, and writes all but the gradient.
 */
export function stepWork(graph: Graph, size: number, batch: number, bytes: number): Work[] {
  const all = convolutions(graph, size);
  const backward = all.map(({ enters, leaves, weights, products, first }) => ({
    bytes: bytes * (batch * (leaves + (first ? 1 : 2) * enters) + 2 * weights),
    flops: (first ? 2 : 4) * batch * products,
  }));
  const trained = all.reduce((sum, { weights }) => sum + weights, 0);
  return [
    ...forwardWork(graph, size, batch, bytes),
    ...backward,
    { bytes: 7 * 4 * trained, flops: 0 },
  ];
}

function convolutions({ nodes }: Graph, size: number): Convolution[] {
  const sides = [size];
  const out: Convolution[] = [];
  for (const node of nodes) {
    const before = sides[node.inputs[0]!]!;
    const after = sideAfter(node, before);
    sides.push(after);
    if (node.op !== "conv") continue;
    const weights = (node.out! * node.in! * (node.kernel ?? 1) ** 2) / (node.groups ?? 1);
    out.push({
      enters: node.in! * before ** 2,
      leaves: node.out! * after ** 2,
      weights,
      products: weights * after ** 2,
      first: node.inputs[0] === 0,
    });
  }
  return out;
}

/** Side of the map that a node makes of one. */
function sideAfter(node: GraphNode, side: number): number {
  if (node.op === "avgpool") return 1;
  if (node.op !== "conv" && node.op !== "maxpool") return side;
  const { kernel = 1, stride = 1, padding = 0, dilation = 1, ceil = false } = node;
  const steps = (side + 2 * padding - dilation * (kernel - 1) - 1) / stride;
  return (ceil ? Math.ceil(steps) : Math.floor(steps)) + 1;
}
