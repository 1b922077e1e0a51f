import { describe, expect, test } from "vitest";
import { Detector } from "../../../lib/detector.js";
import { GraphBuilder } from "../../../lib/models/graph.js";
import { buildMobileNetV2 } from "../../../lib/models/mobilenetv2.js";
import { channelsOf, sourceNames } from "../../support/graphs.js";

describe("MobileNetV2", () => {
  const g = new GraphBuilder();
  const sources = buildMobileNetV2(g, { kind: "mobilenetv2", sources: "grid8732" });
  const convs = g.nodes.filter(({ op, name }) => op === "conv" && name!.startsWith("features."));

  test("has torchvision's names: 52 convolutions in features 0 to 18", () => {
    expect(convs).toHaveLength(52);
    const features = new Set(convs.map(({ name }) => Number(name!.split(".")[1])));
    expect([...features]).toEqual(Array.from({ length: 19 }, (_, i) => i));
    const names = convs.map(({ name }) => name);
    expect(names.slice(0, 4)).toEqual([
      "features.0.0",
      "features.1.conv.0.0",
      "features.1.conv.1",
      "features.2.conv.0.0",
    ]);
    expect(names.slice(-2)).toEqual(["features.17.conv.2", "features.18.0"]);
  });

  test("adds where input and output agree, ten times", () => {
    const sums = g.nodes.filter(({ op }) => op === "add");
    expect(sums).toHaveLength(10);
    for (const { inputs } of sums) {
      expect(g.channelsOf(inputs[0]!)).toBe(g.channelsOf(inputs[1]!));
    }
  });

  test("ends every block without an activation", () => {
    const linear = g.nodes.filter(({ op, name }) => op === "batchnorm" && /conv\.\d$/.test(name!));
    const activated = new Set(
      g.nodes.filter(({ op }) => op.startsWith("relu")).map(({ inputs }) => inputs[0]!),
    );
    expect(linear).toHaveLength(17);
    for (const node of linear) expect(activated.has(g.nodes.indexOf(node) + 1)).toBe(false);
  });

  test("gives the expansions of features 7 and 14, features 18 and three extra maps", () => {
    expect(sourceNames(g, sources)).toEqual([
      "features.7.conv.0.1",
      "features.14.conv.0.1",
      "features.18.1",
      "extras.0.2.1",
      "extras.1.2.1",
      "extras.2.2.1",
    ]);
    expect(channelsOf(g, sources)).toEqual([192, 576, 1280, 512, 256, 256]);
  });

  test("depthwise convolutions have a filter for each channel", () => {
    const deep = g.nodes.filter(({ groups = 1 }) => groups > 1);
    expect(deep).toHaveLength(17 + 3);
    for (const node of deep) expect([node.in, node.out]).toEqual([node.groups, node.groups]);
  });
});

describe("bubbliiiing's MobileNetV2", () => {
  const g = new GraphBuilder();
  const sources = buildMobileNetV2(g, { kind: "mobilenetv2", sources: "grid3000" });

  test("gives features 13 under L2Norm, features 18 and four inverted residuals", () => {
    const [first, ...others] = sources;
    const norm = g.nodes[first! - 1]!;
    expect(norm).toMatchObject({ op: "l2norm", name: "L2Norm", out: 96, init: 20 });
    // Features 13 ends in the sum of its input and its linear convolution.
    const sum = g.nodes[norm.inputs[0]! - 1]!;
    expect([sum.op, g.nodes[sum.inputs[1]! - 1]!.name]).toEqual(["add", "features.13.conv.3"]);
    expect(sourceNames(g, others)).toEqual([
      "features.18.1",
      "extras.0.conv.3",
      "extras.1.conv.3",
      "extras.2.conv.3",
      "extras.3.conv.3",
    ]);
    expect(channelsOf(g, sources)).toEqual([96, 1280, 512, 256, 256, 64]);
  });

  test("the extras squeeze, halve the map, and pass their ReLU's value on", () => {
    const convs = g.nodes.filter(({ op, name }) => op === "conv" && name!.startsWith("extras."));
    expect(convs.slice(0, 3).map(({ name }) => name)).toEqual([
      "extras.0.conv.0.0",
      "extras.0.conv.1.0",
      "extras.0.conv.2",
    ]);
    const deep = convs.filter(({ groups = 1 }) => groups > 1);
    expect(deep.map(({ out, stride }) => [out, stride])).toEqual([
      [256, 2],
      [128, 2],
      [128, 2],
      [64, 2],
    ]);
    const second = convs.find(({ name }) => name === "extras.1.conv.0.0")!;
    expect(second.inputs).toEqual([sources[2]]);
    expect(g.nodes[sources[2]! - 1]!.op).toBe("relu");
  });

  test("has 3000 priors and plain predictors", () => {
    using detector = Detector.create("ssd300-mobilenetv2-bubbliiiing", { classes: ["cat"] });
    expect(detector.priors.shape).toEqual([3000, 4]);
    const { shape } = detector.stateDict()["loc.0.weight"]!;
    expect(shape).toEqual([24, 96, 3, 3]);
  });

  test("has the other's body", () => {
    const body = (all: typeof g) => all.nodes.filter(({ name }) => name?.startsWith("features."));
    const other = new GraphBuilder();
    buildMobileNetV2(other, { kind: "mobilenetv2", sources: "grid8732" });
    expect(body(g)).toEqual(body(other));
  });
});
