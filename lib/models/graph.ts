import type { Graph, GraphNode } from "../native-engine.js";

/** What a convolution needs beside its channels. */
export interface ConvShape {
  kernel?: number;
  stride?: number;
  padding?: number;
  dilation?: number;
  groups?: number;
  bias?: boolean;
  init?: "kaiming" | "xavier" | "normal";
}

export type Activation = "relu" | "relu6" | "hardswish" | "hardsigmoid";

/** Builds a {@link Graph} node by node; values are numbered, 0 is the picture. */
export class GraphBuilder {
  readonly nodes: GraphNode[] = [];
  /** Of every BatchNorm; the engine's own where absent. */
  private readonly norm: Pick<GraphNode, "eps" | "momentum">;
  /** Channels of every value. */
  private readonly channels = [3];

  constructor(norm: Pick<GraphNode, "eps" | "momentum"> = {}) {
    this.norm = norm;
  }

  add(node: GraphNode, channels: number): number {
    this.nodes.push(node);
    this.channels.push(channels);
    return this.nodes.length;
  }

  channelsOf(value: number): number {
    return this.channels[value]!;
  }

  conv(x: number, name: string, out: number, shape: ConvShape = {}): number {
    const { kernel = 3, padding = Math.floor(kernel / 2), bias = true, ...rest } = shape;
    const node: GraphNode = { op: "conv", name, inputs: [x], in: this.channelsOf(x), out };
    return this.add({ ...node, kernel, padding, bias, ...rest }, out);
  }

  batchNorm(x: number, name: string): number {
    const channels = this.channelsOf(x);
    return this.add({ op: "batchnorm", name, inputs: [x], out: channels, ...this.norm }, channels);
  }

  activation(x: number, op: Activation): number {
    return this.add({ op, inputs: [x] }, this.channelsOf(x));
  }

  maxPool(x: number, shape: { kernel: number; stride: number; padding?: number; ceil?: boolean }) {
    return this.add({ op: "maxpool", inputs: [x], ...shape }, this.channelsOf(x));
  }

  /** The mean of every channel: one cell. */
  averagePool(x: number): number {
    return this.add({ op: "avgpool", inputs: [x] }, this.channelsOf(x));
  }

  l2Norm(x: number, name: string, start: number): number {
    const channels = this.channelsOf(x);
    return this.add({ op: "l2norm", name, inputs: [x], out: channels, init: start }, channels);
  }

  sum(a: number, b: number): number {
    return this.add({ op: "add", inputs: [a, b] }, this.channelsOf(a));
  }

  /** Every channel of `x` times its one cell in `gate`. */
  scale(x: number, gate: number): number {
    return this.add({ op: "mul", inputs: [x, gate] }, this.channelsOf(x));
  }

  /** Convolution without bias, BatchNorm, activation if any: tensors `name.0.*` and `name.1.*`. */
  convNorm(x: number, name: string, out: number, shape: ConvShape, op?: Activation): number {
    const conv = this.conv(x, `${name}.0`, out, { ...shape, bias: false });
    const normed = this.batchNorm(conv, `${name}.1`);
    return op === undefined ? normed : this.activation(normed, op);
  }

  /** Depthwise over every channel (3x3 unless told), BatchNorm, activation. */
  depthwise(
    x: number,
    name: string,
    shape: Pick<ConvShape, "kernel" | "stride" | "padding"> = {},
    op: Activation = "relu6",
  ): number {
    const channels = this.channelsOf(x);
    return this.convNorm(x, name, channels, { groups: channels, ...shape }, op);
  }

  graph(loc: number[], conf: number[], numClasses: number): Graph {
    return { nodes: this.nodes, loc, conf, numClasses };
  }
}
