import { describe, expect, test } from "vitest";
import { parseOptions } from "../../lib/options.js";
import {
  type Preset,
  type PresetName,
  presetSchema,
  presets,
  priorGrid,
  resolvePreset,
} from "../../lib/presets.js";
import { failure, small } from "../support/small.js";

const names = Object.keys(presets) as PresetName[];

describe.each(names)("%s", (name) => {
  const preset: Preset = presets[name];

  test("goes by its own name, as plain data the schema knows", () => {
    expect(preset.name).toBe(name);
    const copy = JSON.parse(JSON.stringify(preset));
    expect(parseOptions(presetSchema, copy, "preset")).toEqual(preset);
    expect(resolvePreset(name)).toBe(preset);
  });

  test("has a step, ratios and a size for every map, and one size to close the last", () => {
    const { maps, steps, ratios, sizes } = preset;
    const { length } = maps;
    expect([steps.length, ratios.length, sizes.length]).toEqual([length, length, length + 1]);
    expect([...sizes].sort((a, b) => a - b)).toEqual(sizes);
    // Cells cover the input: the last begins inside it, and no whole cell is left out.
    for (const [i, map] of maps.entries()) {
      expect((map - 1) * steps[i]!).toBeLessThan(preset.size);
      expect((map + 1) * steps[i]!).toBeGreaterThan(preset.size);
    }
  });
});

test("every ssd300 but those of a project shares the grid and so can teach the others", () => {
  const grids = names
    .filter((name) => /^ssd300-(?!.*-(torchvision|bubbliiiing)$)/.test(name))
    .map((name) => JSON.stringify(priorGrid(presets[name])));
  expect(grids).toHaveLength(6);
  expect(new Set(grids).size).toBe(1);
});

describe("the published grids", () => {
  test("torchvision's SSD300: scales of the input, sizes clipped alone", () => {
    const { size, sizes, ...grid } = priorGrid(presets["ssd300-vgg16-torchvision"]);
    const scales = [0.07, 0.15, 0.33, 0.51, 0.69, 0.87, 1.05];
    expect(sizes.map((side) => side / size)).toEqual(scales.map((s) => expect.closeTo(s, 12)));
    expect(grid).toMatchObject({ steps: [8, 16, 32, 64, 100, 300], clip: "sizes" });
  });

  test("torchvision's SSDLite320: even scales of 0.2 to 0.95, then 1", () => {
    const { size, sizes, maps, steps, ratios } = priorGrid(presets["ssdlite320-mobilenetv3-large"]);
    const scales = maps.map((_, k) => 0.2 + (0.75 * k) / 5);
    expect(sizes.map((side) => side / size)).toEqual(
      [...scales, 1].map((scale) => expect.closeTo(scale, 12)),
    );
    expect(steps).toEqual([16, 32, 64, 320 / 3, 160, 320]);
    expect(ratios).toEqual(Array(6).fill([2, 3]));
  });

  test("bubbliiiing's MobileNetV2: SSD300's sizes from the 19x19 map on", () => {
    const { sizes, maps, steps, clip } = priorGrid(presets["ssd300-mobilenetv2-bubbliiiing"]);
    expect(sizes).toEqual(presets["ssd300-vgg16"].sizes);
    expect(maps).toEqual([19, 10, 5, 3, 2, 1]);
    expect([steps[0], clip]).toEqual([300 / 19, "corners"]);
  });
});

describe("a preset by name or as an object", () => {
  test("defaults are filled in", () => {
    const { clip: _, stepConvention: __, variances: ___, ...rest } = small;
    const { batchNorm: ____, coderClip: _____, ...bare } = rest;
    expect(resolvePreset(bare as Preset)).toEqual(small);
  });

  test("a backbone that was described before it had variants is the one it was", () => {
    const { sources: _, ...backbone } = presets["ssd300-mobilenetv2"].backbone;
    const before = { ...presets["ssd300-mobilenetv2"], backbone };
    expect(resolvePreset(before as Preset)).toEqual(presets["ssd300-mobilenetv2"]);
  });

  test("half a batchNorm keeps the other half's default", () => {
    const half = { ...small, batchNorm: { eps: 1e-3 } } as Preset;
    expect(resolvePreset(half).batchNorm).toEqual({ eps: 1e-3, momentum: 0.1 });
  });

  test.each(["ssd300-vgg61", "ssd128-tin", "SSD300-VGG16"])("%s: the nearest is named", (name) => {
    expect(() => resolvePreset(name)).toThrow(
      failure("BAD_OPTION", `got "${name}"; did you mean "ssd`),
    );
  });

  test("names of every object are no presets", () => {
    expect(() => resolvePreset("toString")).toThrow(failure("BAD_OPTION", "ssd300-vgg16"));
  });

  const wrong: [string, object, string][] = [
    ["a field misspelled", { ...small, variance: [1, 1] }, 'did you mean "variances"?'],
    ["another backbone", { ...small, backbone: { kind: "resnext" } }, "backbone"],
    ["a depth nobody built", { ...small, backbone: { kind: "resnet", depth: 101 } }, "depth"],
    ["another clip", { ...small, clip: "edges" }, '"clip"'],
    ["an eps of 0", { ...small, batchNorm: { eps: 0 } }, '"batchNorm.eps"'],
    ["a text for coderClip", { ...small, coderClip: "no" }, '"coderClip"'],
    ["a field of a backbone", { ...small, backbone: { kind: "mobilenetv2", depth: 1 } }, "depth"],
    ["a size of 0", { ...small, size: 0 }, '"size"'],
    ["two means", { ...small, mean: [1, 2] }, '"mean'],
    ["no maps", { ...small, maps: [] }, '"maps"'],
  ];
  test.each(wrong)("%s", (_what, preset, part) => {
    expect(() => resolvePreset(preset as Preset)).toThrow(failure("BAD_OPTION", "preset", part));
  });
});

test("the distance of cells: fixed steps, or the input over the map", () => {
  const preset = presets["ssd300-vgg16"];
  expect(priorGrid(preset).steps).toEqual([8, 16, 32, 64, 100, 300]);
  const other = priorGrid({ ...preset, stepConvention: "imageOverMap" });
  expect(other.steps).toEqual([300 / 38, 300 / 19, 30, 60, 100, 300]);
  expect(other.sizes).toEqual(preset.sizes);
});

test("clip has a word for the engine", () => {
  const word = (clip: Preset["clip"]) => priorGrid({ ...small, clip }).clip;
  expect([word(true), word(false)]).toEqual(["centres", "none"]);
  expect([word("sizes"), word("corners")]).toEqual(["sizes", "corners"]);
});
