import { describe, expect, test } from "vitest";
import { priorsPerCell } from "../../../lib/models/build.js";
import { valueSizes } from "../../../lib/models/sizes.js";
import { type Preset, presets } from "../../../lib/presets.js";

describe("numbers in every value", () => {
  test("of VGG16 are those of the paper's maps", () => {
    const sizes = valueSizes(presets["ssd300-vgg16"], 20);
    expect(sizes.slice(0, 3)).toEqual([3 * 300 * 300, 64 * 300 * 300, 64 * 300 * 300]);
    // conv4_3 on 38 cells, conv7 on 19, and the last map's offsets of four priors in one cell.
    expect(sizes).toContain(512 * 38 * 38);
    expect(sizes).toContain(1024 * 19 * 19);
    expect(sizes).toContain(4 * 4);
  });

  test.each(Object.entries<Preset>(presets))("of %s: the heads' are the priors'", (_, preset) => {
    const sizes = valueSizes(preset, 5);
    preset.maps.forEach((side, i) => {
      const priors = side * side * priorsPerCell(preset, i);
      expect(sizes).toContain(priors * 4);
      expect(sizes).toContain(priors * 6);
    });
  });
});
