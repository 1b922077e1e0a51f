import { mkdir } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { writeAtomically } from "../checkpoint/atomic.js";
import type { Detection, Detector } from "../detector.js";
import { reason, SsdError } from "../errors.js";
import type { DetectOptions } from "../options.js";
import { drawDetections } from "./draw.js";

/** What was found in one picture, and the drawing of it. */
export interface Annotated {
  image: string;
  detections: Detection[];
  /** The annotated picture. */
  drawing: string;
}

/**
 * Finds objects in pictures and writes `detections.json` and an annotated PNG for each into a folder.
 * Pictures of the same name get a number.
 *
 * @throws SsdError BAD_DATA for a picture that cannot be decoded, BAD_OPTION when the folder cannot
 *   be written.
 */
export async function annotate(
  detector: Detector,
  images: readonly string[],
  out: string,
  options?: DetectOptions,
): Promise<Annotated[]> {
  await mkdir(out, { recursive: true }).catch((error: unknown) => {
    throw new SsdError(
      "BAD_OPTION",
      `out: expected a folder that can be written, got "${out}": ${reason(error)}`,
    );
  });
  const results: Annotated[] = [];
  const taken = new Set<string>();
  for (const image of images) {
    const detections = await detector.detect(image, options);
    const boxes = detections.map((found) => ({ ...found, kind: "detection" as const }));
    const bytes = await drawDetections(image, boxes, { classes: detector.classes });
    const drawing = join(out, freeName(basename(image, extname(image)), taken));
    await writeAtomically(drawing, [bytes], "BAD_OPTION");
    results.push({ image, detections, drawing });
  }
  const text = `${JSON.stringify({ images: results }, undefined, 2)}\n`;
  await writeAtomically(join(out, "detections.json"), [text], "BAD_OPTION");
  return results;
}

function freeName(stem: string, taken: Set<string>): string {
  let name = `${stem}.png`;
  for (let i = 2; taken.has(name); i++) name = `${stem}-${i}.png`;
  taken.add(name);
  return name;
}
