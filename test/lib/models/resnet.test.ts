import { describe, expect, test } from "vitest";
import { Detector } from "../../../lib/detector.js";
import { GraphBuilder } from "../../../lib/models/graph.js";
import { buildResNet } from "../../../lib/models/resnet.js";
import { channelsOf, trained } from "../../support/graphs.js";

const cases = [
  // Published parameters, less the last layer of blocks and the classifier.
  { depth: 34, channels: [128, 256], convs: 2, parameters: 21_797_672 - 13_114_368 - 513_000 },
  { depth: 50, channels: [512, 1024], convs: 3, parameters: 25_557_032 - 14_964_736 - 2_049_000 },
] as const;

describe.each(cases)("ResNet-$depth", ({ depth, channels, convs, parameters }) => {
  const g = new GraphBuilder();
  const sources = buildResNet(g, { kind: "resnet", depth });
  const body = g.nodes.filter(({ name }) => name?.startsWith("resnet."));
  const names = body.map(({ name }) => name);

  test("has torchvision's names up to layer 3", () => {
    expect(names.slice(0, 2)).toEqual(["resnet.conv1", "resnet.bn1"]);
    const parts = Array.from({ length: convs }, (_, i) => [`conv${i + 1}`, `bn${i + 1}`]).flat();
    for (const [layer, count] of [3, 4, 6].entries()) {
      for (let k = 0; k < count; k++) {
        const block = `resnet.layer${layer + 1}.${k}.`;
        const own = names.filter((name) => name!.startsWith(block));
        const widened = k === 0 && (layer > 0 || depth === 50);
        const more = widened ? ["downsample.0", "downsample.1"] : [];
        expect(own).toEqual([...parts, ...more].map((part) => block + part));
      }
    }
    expect(names.filter((name) => name!.includes("layer4"))).toEqual([]);
  });

  test("halves in the first 3x3 convolution of layers 2 and 3, and in its shortcut", () => {
    const halving = body.filter(({ stride = 1 }) => stride === 2).map(({ name }) => name);
    const conv = depth === 50 ? "conv2" : "conv1";
    expect(halving).toEqual([
      "resnet.conv1",
      ...[2, 3].flatMap((layer) =>
        [conv, "downsample.0"].map((part) => `resnet.layer${layer}.0.${part}`),
      ),
    ]);
    for (const { op, bias } of body) if (op === "conv") expect(bias).toBe(false);
  });

  test("gives layer 2 under L2Norm, layer 3 and VGG's four extra maps", () => {
    expect(channelsOf(g, sources)).toEqual([...channels, 512, 256, 256, 256]);
    expect(g.nodes[sources[0]! - 1]).toMatchObject({ op: "l2norm", name: "L2Norm", init: 20 });
    expect(g.nodes[sources[1]! - 1]!.op).toBe("relu");
    const extras = g.nodes.filter(({ name }) => name?.startsWith("extras."));
    expect(extras.map(({ name }) => name)).toEqual(
      Array.from({ length: 8 }, (_, i) => `extras.${i}`),
    );
    expect(extras[0]!.inputs).toEqual([sources[1]]);
  });

  test("ends every block in a sum under a ReLU", () => {
    const sums = g.nodes.flatMap(({ op }, i) => (op === "add" ? [i + 1] : []));
    expect(sums).toHaveLength(3 + 4 + 6);
    for (const sum of sums) {
      const users = g.nodes.filter(({ inputs }) => inputs.includes(sum));
      expect(users.map(({ op }) => op)).toEqual(["relu"]);
    }
  });

  test("has the published number of parameters", () => {
    using detector = Detector.create(`ssd300-resnet${depth}`, { classes: ["cat"] });
    expect(trained(detector, "resnet.")).toBe(parameters);
    expect(detector.priors.shape).toEqual([8732, 4]);
  });
});
