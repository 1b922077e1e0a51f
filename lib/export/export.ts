import { z } from "zod";
import { layoutOf } from "../checkpoint/layouts/choose.js";
import { layoutFamilies } from "../checkpoint/layouts/layout.js";
import type { Detector } from "../detector.js";
import { parseOptions } from "../options.js";
import type { Preset } from "../presets.js";

export const exportOptions = z.strictObject({
  format: z.enum(["safetensors"]).default("safetensors").describe("of the file"),
  layout: z.enum(layoutFamilies).default("native").describe("whose names the tensors get"),
});

/** Options of {@link exportDetector}; every field optional. */
export type ExportOptions = z.input<typeof exportOptions>;

/** What was exported. */
export interface Exported extends z.output<typeof exportOptions> {
  file: string;
  tensors: number;
  /**
   * Conventions of the detector that are not those of the other code base's own model: whoever feeds
   * the weights there has to set them.
   */
  differences: { option: string; ours: unknown; theirs: unknown }[];
}

/**
 * Writes a detector's weights for another code base, which loads them with
 * `load_state_dict(strict=True)`.
 *
 * @throws SsdError BAD_OPTION for a layout that the architecture does not have, BAD_CHECKPOINT when the
 *   file cannot be written.
 */
export async function exportDetector(
  detector: Detector,
  file: string,
  options?: ExportOptions,
): Promise<Exported> {
  const resolved = parseOptions(exportOptions, options, "export options");
  const { preset } = layoutOf(resolved.layout, detector.preset);
  await detector.save(file, { layout: resolved.layout });
  const tensors = detector.native.names().length;
  return { file, ...resolved, tensors, differences: differences(detector.preset, preset) };
}

function differences(ours: Preset, theirs: Preset): Exported["differences"] {
  const keys = (Object.keys(ours) as (keyof Preset)[]).filter((key) => key !== "name");
  return keys
    .filter((key) => JSON.stringify(ours[key]) !== JSON.stringify(theirs[key]))
    .map((key) => ({ option: key, ours: ours[key], theirs: theirs[key] }));
}
