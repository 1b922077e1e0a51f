import { describe, expect, test } from "vitest";
import { GraphBuilder } from "../../../lib/models/graph.js";
import { buildMobileNetV2 } from "../../../lib/models/mobilenetv2.js";

describe("MobileNetV2", () => {
  const g = new GraphBuilder();
  const sources = buildMobileNetV2(g);
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
    const names = sources.map((source) => g.nodes[g.nodes[source - 1]!.inputs[0]! - 1]!.name);
    expect(names).toEqual([
      "features.7.conv.0.1",
      "features.14.conv.0.1",
      "features.18.1",
      "extras.0.2.1",
      "extras.1.2.1",
      "extras.2.2.1",
    ]);
    const channels = sources.map((source) => g.channelsOf(source));
    expect(channels).toEqual([192, 576, 1280, 512, 256, 256]);
  });

  test("depthwise convolutions have a filter for each channel", () => {
    const deep = g.nodes.filter(({ groups = 1 }) => groups > 1);
    expect(deep).toHaveLength(17 + 3);
    for (const node of deep) expect([node.in, node.out]).toEqual([node.groups, node.groups]);
  });
});
