import { SsdError } from "../../errors.js";
import type { NativeModel } from "../../native-engine.js";
import type { Preset } from "../../presets.js";
import { weightsPrefix } from "../average.js";
import type { Entries } from "../fill.js";
import type { WeightEntry, WeightFile } from "../weights.js";
import { decimated } from "./decimate.js";
import { detectorLayouts } from "./detectors.js";
import { type DetectorLayout, type Layout, type LayoutFamily, nameIn } from "./layout.js";

interface Described {
  preset: Preset;
  layout?: LayoutFamily;
}

/** A file seen through a layout. */
export interface View {
  weights: WeightFile;
  layout: Layout;
  /** What stands before all names in the file, for example `state_dict.` or `module.`. */
  wrapper: string;
}

/** A view's tensors by the model's names. */
export function entriesOf({ weights, layout, wrapper }: View, model: NativeModel): Entries {
  const out = new Map<string, WeightEntry>();
  for (const ours of model.names()) {
    const theirs = nameIn(layout, ours);
    const entry = theirs === undefined ? undefined : weights.tensors.get(wrapper + theirs);
    if (entry === undefined) continue;
    const cut = layout.decimate?.[ours];
    out.set(ours, cut === undefined ? entry : decimated(entry, cut));
  }
  return out;
}

/**
 * A file that describes itself; of a checkpoint with averaged weights beside a run's own, the averaged.
 */
export function describedView(weights: WeightFile, { preset, layout }: Described): View {
  const wrapper = weightsPrefix(weights.tensors.keys());
  return { weights, layout: layoutOf(layout ?? "native", preset), wrapper };
}

/** Our own names. */
export function nativeLayout(preset: Preset): DetectorLayout {
  const head = headWeight(preset);
  return {
    family: "native",
    backbone: preset.backbone.kind,
    names: { "": "" },
    preset,
    signature: [head, head.replace("conf", "loc")],
  };
}

/** Our name of the first map's predictor of classes. */
export function headWeight({ head }: Preset): string {
  return head === "conv" ? "conf.0.weight" : "conf.0.1.weight";
}

/** The layouts that a preset's weights can be in, our own first. */
export function layoutsOf(preset: Preset): DetectorLayout[] {
  const own = nativeLayout(preset);
  return [own, ...detectorLayouts.filter((layout) => isSameNetwork(layout.preset, preset))];
}

/** Whether two presets are one network: they may differ in input, priors and normalisation. */
function isSameNetwork(a: Preset, b: Preset): boolean {
  const network = ({ backbone, head, maps, ratios }: Preset) =>
    JSON.stringify([backbone, head, maps, ratios]);
  return network(a) === network(b);
}

/**
 * The layout of a family for a preset.
 *
 * @throws SsdError BAD_OPTION naming the families there are for it.
 */
export function layoutOf(family: LayoutFamily, preset: Preset): DetectorLayout {
  const all = layoutsOf(preset);
  const found = all.find((layout) => layout.family === family);
  if (found !== undefined) return found;
  const families = [...new Set(all.map((layout) => layout.family))];
  throw new SsdError(
    "BAD_OPTION",
    `layout: expected one of ${families.join(", ")} for ${preset.name}, got "${family}"`,
  );
}
