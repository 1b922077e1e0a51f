import { readdir, stat } from "node:fs/promises";
import { extname, join } from "node:path";
import { SsdError } from "../errors.js";
import type { NativeModel } from "../native-engine.js";
import type { Preset } from "../presets.js";
import { type Filled, fill, plan } from "./fill.js";
import { backboneLayouts } from "./layouts/backbones.js";
import { describedView, entriesOf, nativeLayout, type View } from "./layouts/choose.js";
import { detectorLayouts } from "./layouts/detectors.js";
import { type Layout, type LayoutFamily, nameIn, wrapperOf } from "./layouts/layout.js";
import { descriptionOf } from "./store.js";
import { openWeights, type WeightFile } from "./weights.js";

/** What became of a file's tensors, and how the file names them. */
export interface LoadReport extends Filled {
  /** In the file, without a place in the model; the file's names. */
  unexpected: string[];
  file: string;
  format: WeightFile["format"];
  layout: LayoutFamily;
  /** What stands before all names in the file, for example `state_dict.` or `module.`. */
  wrapper: string;
}

const extensions = [".safetensors", ".pth", ".pt", ".npz"];

/**
 * Loads what fits from a file of any layout, a detector's or a backbone's, or from the one weight file
 * of a folder.
 *
 * @throws SsdError BAD_CHECKPOINT when the file cannot be read or nothing of it fits.
 */
export async function initFrom(
  model: NativeModel,
  preset: Preset,
  path: string,
): Promise<LoadReport> {
  const file = await onlyWeights(path);
  const weights = await openWeights(file);
  try {
    const view = bestView(weights, preset, model);
    const entries = entriesOf(view, model);
    const used = new Set([...entries.values()].map(({ name }) => name));
    const unexpected = [...weights.tensors.keys()].filter((name) => !used.has(name));
    const report = await fill(model, entries);
    if (report.loaded.length === 0) {
      throw new SsdError(
        "BAD_CHECKPOINT",
        `${file}: expected tensors of ${preset.name} (such as ${report.missing[0] ?? report.mismatched[0]!.name}), got none that fits (such as ${unexpected[0]})`,
      );
    }
    const { layout, wrapper } = view;
    return { ...report, unexpected, file, format: weights.format, layout: layout.family, wrapper };
  } finally {
    await weights.close();
  }
}

/** The view in which most tensors of the model fit. */
function bestView(weights: WeightFile, preset: Preset, model: NativeModel): View {
  const described = descriptionOf(weights.metadata, weights.file);
  if (described !== undefined) return describedView(weights, described);
  const own = nativeLayout(preset);
  const layouts: Layout[] = [own, ...detectorLayouts, ...backboneLayouts].filter(
    ({ backbone }) => backbone === own.backbone,
  );
  const views = layouts.map((layout) => ({
    weights,
    layout,
    wrapper: firstWrapper(layout, weights, model),
  }));
  const hits = views.map((view) => plan(model, entriesOf(view, model)).loaded.length);
  return views[hits.indexOf(Math.max(...hits))]!;
}

/** The wrapper of the first tensor of the model that the file has. */
function firstWrapper(layout: Layout, { tensors }: WeightFile, model: NativeModel): string {
  for (const ours of model.names()) {
    const theirs = nameIn(layout, ours);
    const wrapper = theirs === undefined ? undefined : wrapperOf([theirs], tensors);
    if (wrapper !== undefined) return wrapper;
  }
  return "";
}

/** The path itself, or the one weight file of a folder. */
async function onlyWeights(path: string): Promise<string> {
  const isFolder = await stat(path)
    .then((s) => s.isDirectory())
    .catch(() => false);
  if (!isFolder) return path;
  const files = (await readdir(path)).filter((name) => extensions.includes(extname(name)));
  if (files.length === 1) return join(path, files[0]!);
  throw new SsdError(
    "BAD_CHECKPOINT",
    `${path}: expected one weight file (${extensions.join(", ")}) in the folder, got ${files.length}`,
  );
}
