import { SsdError, suggestion } from "./errors.js";
import type { PriorGrid } from "./native-engine.js";
import { parseOptions } from "./options.js";
import { presets } from "./presets/data.js";
import { type Preset, presetSchema } from "./presets/schema.js";

export { presets } from "./presets/data.js";
export { type Preset, presetSchema } from "./presets/schema.js";

/** Names of the architectures that come with the package. */
export type PresetName = keyof typeof presets;

/**
 * The preset behind a name, or a preset object held to the schema.
 *
 * @throws SsdError BAD_OPTION naming the nearest known name.
 */
export function resolvePreset(preset: PresetName | (string & {}) | Preset): Preset {
  if (typeof preset !== "string") return parseOptions(presetSchema, preset, "preset");
  if (Object.hasOwn(presets, preset)) return presets[preset as PresetName];
  const known = Object.keys(presets);
  throw new SsdError(
    "BAD_OPTION",
    `model: expected one of ${known.join(", ")}, got "${preset}"${suggestion(preset, known, false)}`,
  );
}

/** The numbers of a preset's priors, in the engine's form. */
export function priorGrid(preset: Preset): PriorGrid {
  const { size, maps, sizes, ratios, stepConvention } = preset;
  const steps = stepConvention === "fixed" ? preset.steps : maps.map((map) => size / map);
  const clip = typeof preset.clip === "string" ? preset.clip : preset.clip ? "centres" : "none";
  return { size, maps, steps, sizes, ratios, clip };
}
