import { describe, expect, test } from "vitest";
import { backbonePrefixes, buildGraph } from "../../../lib/models/build.js";
import { type Preset, type PresetName, presets } from "../../../lib/presets.js";
import { failure, small } from "../../support/small.js";

const names = Object.keys(presets) as PresetName[];

describe.each(names)("the graph of %s", (name) => {
  const preset: Preset = presets[name];
  const graph = buildGraph(preset, 3);

  test("has a predictor of offsets and one of classes for every map", () => {
    expect(graph.numClasses).toBe(4);
    for (const [key, width] of [
      ["loc", 4],
      ["conf", 4],
    ] as const) {
      expect(graph[key]).toHaveLength(preset.maps.length);
      for (const [i, value] of graph[key].entries()) {
        const node = graph.nodes[value - 1]!;
        expect(node.name).toMatch(new RegExp(`^${key}\\.${i}(\\.1)?$`));
        expect(node.out).toBe((2 + 2 * preset.ratios[i]!.length) * width);
      }
    }
  });

  test("takes its inputs from what came before, with the channels that it has", () => {
    const channels = [3];
    for (const [i, node] of graph.nodes.entries()) {
      expect(Math.max(...node.inputs)).toBeLessThanOrEqual(i);
      const came = channels[node.inputs[0]!]!;
      if (node.op === "conv") expect(node.in).toBe(came);
      if (["add", "mul"].includes(node.op)) expect(channels[node.inputs[1]!]).toBe(came);
      channels.push(node.op === "conv" ? node.out! : came);
    }
  });

  test("names no node twice, and the backbone by its prefix", () => {
    const named = graph.nodes.flatMap((node) => node.name ?? []);
    expect(new Set(named).size).toBe(named.length);
    const [prefix, ...more] = backbonePrefixes(preset);
    expect(more).toEqual([]);
    const body = named.filter((node) => node.startsWith(prefix!));
    expect(body.length).toBeGreaterThan(5);
    // The heads train while the backbone is frozen.
    expect(named.filter((node) => /^(loc|conf)/.test(node) && node.startsWith(prefix!))).toEqual(
      [],
    );
  });

  test("has maps of the sizes that the preset tells", () => {
    const sides = [preset.size];
    for (const node of graph.nodes) {
      const [side, other] = node.inputs.map((input) => sides[input]!);
      if (node.op === "add") expect(other).toBe(side);
      if (node.op === "mul") expect(other).toBe(1);
      sides.push(sideAfter(side!, node));
    }
    expect(graph.loc.map((value) => sides[value])).toEqual(preset.maps);
    expect(graph.conf.map((value) => sides[value])).toEqual(preset.maps);
  });
});

function sideAfter(side: number, node: ReturnType<typeof buildGraph>["nodes"][number]): number {
  const { op, kernel = 1, stride = 1, padding = 0, dilation = 1, ceil = false } = node;
  if (op === "avgpool") return 1;
  const steps = (side + 2 * padding - dilation * (kernel - 1) - 1) / stride;
  return 1 + (ceil ? Math.ceil(steps) : Math.floor(steps));
}

test.each(names)("every BatchNorm of %s has the preset's numbers", (name) => {
  const { nodes } = buildGraph(presets[name], 1);
  for (const { op, eps, momentum } of nodes) {
    if (op === "batchnorm") expect({ eps, momentum }).toEqual(presets[name].batchNorm);
  }
});

test("more classes widen the predictors of classes and nothing else", () => {
  const [few, many] = [buildGraph(small, 1), buildGraph(small, 7)];
  const changed = few.nodes.filter(
    (node, i) => JSON.stringify(node) !== JSON.stringify(many.nodes[i]),
  );
  expect(changed.map(({ name }) => name)).toEqual(["conf.0", "conf.1"]);
});

const wrong: [string, Partial<Preset>, string][] = [
  ["a map less", { maps: [4] }, "expected 2 maps for 2 source maps of the backbone, got 1"],
  ["a map more", { maps: [4, 2, 1] }, "expected 2 maps"],
  ["ratios missing", { ratios: [[2]] }, "expected 2 ratios"],
  ["a step missing", { steps: [8] }, "expected 2 steps"],
  ["no size to close the last map", { sizes: [8, 14] }, "expected 3 sizes"],
  [
    "a stage more",
    { backbone: { kind: "stages", channels: [4, 4, 4, 4, 4], depth: 0 } },
    "expected 3 maps",
  ],
];
test.each(wrong)("%s is one sentence", (_what, change, part) => {
  expect(() => buildGraph({ ...small, ...change }, 1)).toThrow(
    failure("BAD_OPTION", "preset small", part),
  );
});
