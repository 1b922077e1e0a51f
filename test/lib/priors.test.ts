import { describe, expect, test } from "vitest";
import { ops } from "../../lib/ops.js";
import { type Preset, presets } from "../../lib/presets.js";
import { priorsOf } from "../../lib/priors.js";

/** Whether both are of one length and value; the matcher for arrays takes seconds for 35,000 numbers. */
function sameAsEngine(preset: Preset): boolean {
  using priors = ops.priorBoxes(preset);
  const expected = Buffer.from(priors.toArray().buffer);
  return expected.length > 0 && Buffer.from(priorsOf(preset).buffer).equals(expected);
}

describe("the engine's priors, to the bit", () => {
  test.each(Object.keys(presets))("%s", (name) => {
    const preset: Preset = presets[name as keyof typeof presets];
    expect(sameAsEngine(preset)).toBe(true);
  });

  test.each([true, false, "sizes", "corners"] as const)("clip %s", (clip) => {
    const preset: Preset = { ...presets["ssd300-vgg16"], clip };
    expect(sameAsEngine(preset)).toBe(true);
  });
});

test("by hand: the first cell of a map of one size and a ratio", () => {
  const preset: Preset = {
    ...presets["ssd128-tiny"],
    size: 100,
    maps: [2],
    steps: [50],
    sizes: [20, 45],
    ratios: [[4]],
    clip: false,
  };
  const rows = [
    [0.25, 0.25, 0.2, 0.2],
    [0.25, 0.25, 0.3, 0.3],
    [0.25, 0.25, 0.4, 0.1],
    [0.25, 0.25, 0.1, 0.4],
  ];
  const found = priorsOf(preset);
  expect(found).toHaveLength(4 * 4 * 4);
  for (const [i, value] of rows.flat().entries()) expect(found[i]).toBeCloseTo(value, 6);
});
