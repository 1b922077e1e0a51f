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

test("every ssd300 shares the grid and so can teach the others", () => {
  const grids = names
    .filter((name) => name.startsWith("ssd300-"))
    .map((name) => JSON.stringify(priorGrid(presets[name])));
  expect(grids.length).toBeGreaterThan(1);
  expect(new Set(grids).size).toBe(1);
});

describe("a preset by name or as an object", () => {
  test("defaults are filled in", () => {
    const { clip: _, stepConvention: __, variances: ___, ...bare } = small;
    expect(resolvePreset(bare as Preset)).toEqual(small);
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
    ["another backbone", { ...small, backbone: { kind: "resnet" } }, "backbone"],
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
