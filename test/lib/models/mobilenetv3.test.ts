import { describe, expect, test } from "vitest";
import { Detector } from "../../../lib/detector.js";
import { GraphBuilder } from "../../../lib/models/graph.js";
import { buildMobileNetV3 } from "../../../lib/models/mobilenetv3.js";
import { channelsOf, sourceNames, trained } from "../../support/graphs.js";

const classes = (count: number) => Array.from({ length: count }, (_, i) => `class ${i}`);

describe("MobileNetV3-Large on the grid of 8732", () => {
  const g = new GraphBuilder();
  const sources = buildMobileNetV3(g, {
    kind: "mobilenetv3",
    reducedTail: false,
    sources: "grid8732",
  });
  const convs = g.nodes.filter(({ op, name }) => op === "conv" && name!.startsWith("features."));

  test("has torchvision's names", () => {
    const names = convs.map(({ name }) => name);
    expect(names.slice(0, 4)).toEqual([
      "features.0.0",
      "features.1.block.0.0",
      "features.1.block.1.0",
      "features.2.block.0.0",
    ]);
    expect(names.filter((name) => name!.startsWith("features.4."))).toEqual([
      "features.4.block.0.0",
      "features.4.block.1.0",
      "features.4.block.2.fc1",
      "features.4.block.2.fc2",
      "features.4.block.3.0",
    ]);
    expect(names.at(-1)).toBe("features.16.0");
  });

  test("gives the expansions of features 7 and 13, features 16 and three extra maps", () => {
    expect(sourceNames(g, sources)).toEqual([
      "features.7.block.0.1",
      "features.13.block.0.1",
      "features.16.1",
      "extras.0.2.1",
      "extras.1.2.1",
      "extras.2.2.1",
    ]);
    expect(channelsOf(g, sources)).toEqual([240, 672, 960, 512, 256, 256]);
  });

  test("squeezes to a quarter by eights, in eight blocks", () => {
    const narrow = convs.filter(({ name }) => name!.endsWith("fc1"));
    expect(narrow.map(({ in: wide, out }) => [wide, out])).toEqual([
      [72, 24],
      [120, 32],
      [120, 32],
      [480, 120],
      [672, 168],
      [672, 168],
      [960, 240],
      [960, 240],
    ]);
    expect(narrow.every(({ bias }) => bias)).toBe(true);
  });

  test("a gate is pooled, squeezed, widened, and between 0 and 1", () => {
    const gates = g.nodes.filter(({ op }) => op === "mul");
    expect(gates).toHaveLength(8);
    for (const { inputs } of gates) {
      const chain: string[] = [];
      let value = inputs[1]!;
      while (value !== inputs[0]) {
        const node = g.nodes[value - 1]!;
        chain.push(node.op);
        value = node.inputs[0]!;
      }
      expect(chain).toEqual(["hardsigmoid", "conv", "relu", "conv", "avgpool"]);
    }
  });

  test("has as many trained numbers as torchvision's classifier without its last layers", () => {
    using detector = Detector.create("ssd300-mobilenetv3-large", { classes: classes(1) });
    const last = 960 * 1280 + 1280 + 1280 * 1000 + 1000;
    expect(trained(detector, "features.")).toBe(5_483_032 - last);
  });
});

describe("torchvision's SSDLite320", () => {
  const g = new GraphBuilder();
  const sources = buildMobileNetV3(g, {
    kind: "mobilenetv3",
    reducedTail: true,
    sources: "ssdlite320",
  });

  test("has a tail of half the channels, and four extra maps that halve", () => {
    expect(sourceNames(g, sources).slice(0, 2)).toEqual(["features.13.block.0.1", "features.16.1"]);
    expect(channelsOf(g, sources)).toEqual([672, 480, 512, 256, 256, 128]);
    const tail = g.nodes.filter(
      ({ op, name }) => op === "conv" && /features\.1[345]\.block\.3/.test(name!),
    );
    expect(tail.map(({ in: wide, out }) => [wide, out])).toEqual([
      [672, 80],
      [480, 80],
      [480, 80],
    ]);
    const deep = g.nodes.filter(({ name }) => /^extras\.\d\.1\.0$/.test(name ?? ""));
    expect(deep.map(({ stride, padding }) => [stride, padding])).toEqual(Array(4).fill([2, 1]));
  });

  test("has the published number of parameters, and 3234 priors", () => {
    using detector = Detector.create("ssdlite320-mobilenetv3-large", { classes: classes(90) });
    expect(trained(detector)).toBe(3_440_060);
    expect(detector.priors.shape).toEqual([3234, 4]);
    const names = Object.keys(detector.stateDict());
    for (const name of ["loc.0.0.0.weight", "loc.5.0.1.running_var", "conf.3.1.bias"]) {
      expect(names).toContain(name);
    }
  });
});
