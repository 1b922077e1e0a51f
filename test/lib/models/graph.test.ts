import { expect, test } from "vitest";
import { GraphBuilder } from "../../../lib/models/graph.js";
import { buildStages } from "../../../lib/models/stages.js";

test("values are numbered from the picture on, and remember their channels", () => {
  const g = new GraphBuilder();
  const a = g.conv(0, "a", 8, { stride: 2 });
  const b = g.activation(g.batchNorm(a, "b"), "relu");
  const c = g.sum(g.maxPool(b, { kernel: 3, stride: 1, padding: 1 }), b);
  expect([a, b, c, g.channelsOf(0), g.channelsOf(c)]).toEqual([1, 3, 5, 3, 8]);
  expect(g.nodes[0]).toEqual({
    op: "conv",
    name: "a",
    inputs: [0],
    in: 3,
    out: 8,
    kernel: 3,
    padding: 1,
    stride: 2,
    bias: true,
  });
  expect(g.nodes[4]).toEqual({ op: "add", inputs: [4, 3] });
  expect(g.graph([a], [c], 2)).toEqual({ nodes: g.nodes, loc: [1], conf: [5], numClasses: 2 });
});

test("a 1x1 convolution keeps its side, and a normalised one has no bias", () => {
  const g = new GraphBuilder();
  g.conv(0, "point", 4, { kernel: 1 });
  g.convNorm(1, "block", 6, { stride: 2 }, "relu6");
  g.depthwise(4, "deep", { stride: 2 });
  expect(g.nodes[0]).toMatchObject({ kernel: 1, padding: 0, bias: true });
  expect(g.nodes[1]).toMatchObject({ name: "block.0", kernel: 3, padding: 1, bias: false });
  expect(g.nodes.slice(2, 4).map(({ op }) => op)).toEqual(["batchnorm", "relu6"]);
  expect(g.nodes[4]).toMatchObject({ name: "deep.0", groups: 6, in: 6, out: 6, stride: 2 });
});

test("every BatchNorm has the builder's numbers, or none of its own", () => {
  const g = new GraphBuilder({ eps: 1e-3, momentum: 0.03 });
  g.convNorm(0, "block", 6, {}, "hardswish");
  expect(g.nodes[1]).toMatchObject({ op: "batchnorm", eps: 1e-3, momentum: 0.03 });
  const plain = new GraphBuilder();
  plain.batchNorm(0, "norm");
  expect(plain.nodes[0]).toEqual({ op: "batchnorm", name: "norm", inputs: [0], out: 3 });
});

test("a convolution without an activation ends in its BatchNorm", () => {
  const g = new GraphBuilder();
  const x = g.convNorm(0, "linear", 6, { kernel: 1 });
  expect([x, g.nodes[x - 1]!.op]).toEqual([2, "batchnorm"]);
});

test("a gate: one cell a channel, which scales the map", () => {
  const g = new GraphBuilder();
  const x = g.conv(0, "a", 8);
  const scaled = g.scale(x, g.activation(g.averagePool(x), "hardsigmoid"));
  expect(g.nodes.slice(1)).toEqual([
    { op: "avgpool", inputs: [1] },
    { op: "hardsigmoid", inputs: [2] },
    { op: "mul", inputs: [1, 3] },
  ]);
  expect(g.channelsOf(scaled)).toBe(8);
});

test("a depthwise convolution of another kernel keeps its side", () => {
  const g = new GraphBuilder();
  g.depthwise(g.conv(0, "a", 8), "deep", { kernel: 5, stride: 2 }, "hardswish");
  expect(g.nodes[1]).toMatchObject({ name: "deep.0", kernel: 5, padding: 2, groups: 8 });
  expect(g.nodes.at(-1)!.op).toBe("hardswish");
});

test("stages: the first convolution of each halves, sources from stride 8 on", () => {
  const g = new GraphBuilder();
  const sources = buildStages(g, { kind: "stages", channels: [2, 3, 4, 5], depth: 2 });
  const convs = g.nodes.filter(({ op }) => op === "conv");
  expect(convs.map(({ stride }) => stride)).toEqual([2, 1, 1, 2, 1, 1, 2, 1, 1, 2, 1, 1]);
  expect(convs.map(({ out }) => out)).toEqual([2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 5]);
  expect(convs.at(-1)!.name).toBe("stages.3.2.0");
  expect(sources.map((source) => g.channelsOf(source))).toEqual([4, 5]);
  expect(sources.at(-1)).toBe(g.nodes.length);
});
