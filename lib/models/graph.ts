import type { Graph, GraphNode } from "../native.js";

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

export type Activation = "relu" | "relu6";

/** Builds a {@link Graph} node by node; values are numbered, 0 is the picture. */
export class GraphBuilder {
  readonly nodes: GraphNode[] = [];
  /** Channels of every value. */
  private readonly channels = [3];

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
    return this.add({ op: "batchnorm", name, inputs: [x], out: channels }, channels);
  }

  activation(x: number, op: Activation): number {
    return this.add({ op, inputs: [x] }, this.channelsOf(x));
  }

  maxPool(x: number, shape: { kernel: number; stride: number; padding?: number; ceil?: boolean }) {
    return this.add({ op: "maxpool", inputs: [x], ...shape }, this.channelsOf(x));
  }

  l2Norm(x: number, name: string, start: number): number {
    const channels = this.channelsOf(x);
    return this.add({ op: "l2norm", name, inputs: [x], out: channels, init: start }, channels);
  }

  sum(a: number, b: number): number {
    return this.add({ op: "add", inputs: [a, b] }, this.channelsOf(a));
  }

  /** Convolution without bias, BatchNorm, activation: tensors `name.0.*` and `name.1.*`. */
  convNorm(x: number, name: string, out: number, shape: ConvShape, op: Activation): number {
    const conv = this.conv(x, `${name}.0`, out, { ...shape, bias: false });
    return this.activation(this.batchNorm(conv, `${name}.1`), op);
  }

  /** Depthwise 3x3 over every channel, BatchNorm, ReLU6. */
  depthwise(x: number, name: string, shape: { stride?: number; padding?: number } = {}): number {
    const channels = this.channelsOf(x);
    return this.convNorm(x, name, channels, { kernel: 3, groups: channels, ...shape }, "relu6");
  }

  graph(loc: number[], conf: number[], numClasses: number): Graph {
    return { nodes: this.nodes, loc, conf, numClasses };
  }
}
