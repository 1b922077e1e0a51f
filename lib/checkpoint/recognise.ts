import { SsdError } from "../errors.js";
import { priorsPerCell } from "../models/build.js";
import { type Preset, type PresetName, resolvePreset } from "../presets.js";
import { describedView, headWeight, layoutsOf, type View } from "./layouts/choose.js";
import { defaultClasses } from "./layouts/class-names.js";
import { detectorLayouts } from "./layouts/detectors.js";
import { type LayoutFamily, nameIn, wrapperOf } from "./layouts/layout.js";
import { type Description, descriptionOf } from "./store.js";
import type { WeightFile } from "./weights.js";

/** What a foreign file does not say about its weights. */
export interface Choices {
  preset?: PresetName | (string & {}) | Preset;
  classes?: readonly string[];
  layout?: LayoutFamily;
}

/** A detector in a file, and what it takes to build it. */
export interface Recognised {
  about: Pick<Description, "preset" | "classes">;
  view: View;
}

/**
 * What detector a file holds: what it says itself, else what its names and shapes tell.
 *
 * @throws SsdError BAD_CHECKPOINT when that cannot be told, or is not what was asked for.
 */
export function recognise(weights: WeightFile, choices: Choices): Recognised {
  const described = descriptionOf(weights.metadata, weights.file);
  if (described === undefined) return guess(weights, choices);
  const { preset, classes, layout = "native" } = described;
  const asked = choices.preset === undefined ? preset : resolvePreset(choices.preset);
  same(weights, "preset", asked.name, preset.name);
  same(weights, "classes", choices.classes ?? classes, classes);
  same(weights, "layout", choices.layout ?? layout, layout);
  return { about: { preset, classes }, view: describedView(weights, described) };
}

function same({ file }: WeightFile, what: string, asked: unknown, got: unknown): void {
  if (String(asked) === String(got)) return;
  throw new SsdError(
    "BAD_CHECKPOINT",
    `${file}: expected the ${what} that was asked for (${asked}), got a file that says ${got}`,
  );
}

function guess(weights: WeightFile, choices: Choices): Recognised {
  const asked = choices.preset === undefined ? undefined : resolvePreset(choices.preset);
  const all = asked === undefined ? detectorLayouts : layoutsOf(asked);
  const candidates = all.filter(({ family }) => family === (choices.layout ?? family));
  for (const layout of candidates) {
    const wrapper = wrapperOf(layout.signature, weights.tensors);
    if (wrapper === undefined) continue;
    const preset = asked ?? layout.preset;
    const view = { weights, layout, wrapper };
    return { about: { preset, classes: classesOf(view, preset, choices.classes) }, view };
  }
  const { file, tensors } = weights;
  const [first = "none"] = tensors.keys();
  const families = [...new Set(candidates.map(({ family }) => family))];
  throw new SsdError(
    "BAD_CHECKPOINT",
    `${file}: expected a detector saved by ssd-distill or laid out like one of ${families.join(", ")}, got ${tensors.size} tensors (such as ${first}) without its description; load them into a detector of your own with init()`,
  );
}

/** The classes asked for, or names by their number, held to the rows of the first predictor. */
function classesOf(
  { weights, layout, wrapper }: View,
  preset: Preset,
  asked: readonly string[] | undefined,
): string[] {
  const name = wrapper + nameIn(layout, headWeight(preset));
  const cell = priorsPerCell(preset, 0);
  const rows = weights.tensors.get(name)?.shape[0] ?? 0;
  const count = rows / cell - 1;
  if (!Number.isInteger(count) || count < 1) {
    throw new SsdError(
      "BAD_CHECKPOINT",
      `${weights.file}: expected in ${name} a row for each of ${cell} priors and every class, got ${rows} rows`,
    );
  }
  if (asked === undefined) return defaultClasses(count);
  if (asked.length === count) return [...asked];
  throw new SsdError(
    "BAD_CHECKPOINT",
    `${weights.file}: expected logits of the ${asked.length} classes asked for, got ${count} and the background`,
  );
}
