import { describe, expect, test } from "vitest";
import { Detector } from "../../../lib/detector.js";
import { buildGraph } from "../../../lib/models/build.js";
import { GraphBuilder } from "../../../lib/models/graph.js";
import { buildVgg } from "../../../lib/models/vgg.js";
import { presets } from "../../../lib/presets.js";
import { trained } from "../../support/graphs.js";
import { numbers } from "../../support/small.js";

/** The state dict of SSD300-VGG16 as the field names it. */
function fieldNames(): string[] {
  const both = (prefix: string) => [`${prefix}.weight`, `${prefix}.bias`];
  const vgg = [0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28, 31, 33];
  return [
    ...vgg.flatMap((i) => both(`vgg.${i}`)),
    "L2Norm.weight",
    ...Array.from({ length: 8 }, (_, i) => both(`extras.${i}`)).flat(),
    ...Array.from({ length: 6 }, (_, i) => both(`loc.${i}`)).flat(),
    ...Array.from({ length: 6 }, (_, i) => both(`conf.${i}`)).flat(),
  ];
}

test("SSD300-VGG16 has the 71 tensors of the field, in order, with their shapes", () => {
  using detector = Detector.create("ssd300-vgg16", { classes: ["cat", "dog"] });
  const dict = detector.stateDict();
  expect(fieldNames()).toHaveLength(71);
  expect(Object.keys(dict)).toEqual(fieldNames());
  const shapes = Object.fromEntries(Object.entries(dict).map(([name, { shape }]) => [name, shape]));
  expect(shapes).toMatchObject({
    "vgg.0.weight": [64, 3, 3, 3],
    "vgg.28.weight": [512, 512, 3, 3],
    "vgg.31.weight": [1024, 512, 3, 3],
    "vgg.33.weight": [1024, 1024, 1, 1],
    "L2Norm.weight": [512],
    "extras.0.weight": [256, 1024, 1, 1],
    "extras.1.weight": [512, 256, 3, 3],
    "extras.7.weight": [256, 128, 3, 3],
    "loc.0.weight": [16, 512, 3, 3],
    "loc.1.weight": [24, 1024, 3, 3],
    "conf.0.weight": [12, 512, 3, 3],
    "conf.5.bias": [12],
  });
  expect(new Set(numbers(dict["L2Norm.weight"]!))).toEqual(new Set([20]));
});

test("torchvision's SSD300 has the published number of parameters, and 8732 priors", () => {
  const classes = Array.from({ length: 90 }, (_, i) => `class ${i}`);
  using detector = Detector.create("ssd300-vgg16-torchvision", { classes });
  expect(trained(detector)).toBe(35_641_826);
  expect(detector.priors.shape).toEqual([8732, 4]);
});

describe("the graph", () => {
  const { nodes } = buildGraph(presets["ssd300-vgg16"], 20);
  const at = (name: string) => nodes.findIndex((node) => node.name === name);

  test("pools: only the third rounds up, the last keeps its side", () => {
    const pools = nodes.filter(({ op }) => op === "maxpool");
    expect(pools.map(({ ceil = false }) => ceil)).toEqual([false, false, true, false, false]);
    expect(pools.at(-1)).toMatchObject({ kernel: 3, stride: 1, padding: 1 });
  });

  test("conv6 is dilated by six, and L2Norm takes conv4_3 after its ReLU", () => {
    expect(nodes[at("vgg.31")]).toMatchObject({ kernel: 3, dilation: 6, padding: 6 });
    const source = nodes[at("L2Norm")]!.inputs[0]! - 1;
    expect(nodes[source]!.op).toBe("relu");
    expect(nodes[source]!.inputs).toEqual([at("vgg.21") + 1]);
  });

  test("VGG13 takes the same places for its sources", () => {
    const g = new GraphBuilder();
    const sources = buildVgg(g, presets["ssd300-vgg13"].backbone);
    expect(sources.map((source) => g.channelsOf(source))).toEqual([512, 1024, 512, 256, 256, 256]);
    const norm = g.nodes[sources[0]! - 1]!;
    expect(g.nodes[g.nodes[norm.inputs[0]! - 1]!.inputs[0]! - 1]!.name).toBe("vgg.17");
  });
});
