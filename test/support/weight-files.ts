import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { InspectedTensor, Inspection } from "../../lib/checkpoint/inspect.js";
import { temporaryFolder } from "./temporary.js";

// What scripts/golden/weight_files.py writes, and files made by hand.

export interface WeightManifest {
  seed: number;
  files: Record<string, Inspection>;
  /** Real files: how many tensors, and a digest of what is known of them all. */
  real: Record<string, { format: string; count: number; sha256: string }>;
}

export const weightFolder = fileURLToPath(new URL("../golden/weights", import.meta.url));

export function readManifest(folder = weightFolder): WeightManifest {
  return JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8"));
}

/** The digest of `digest` in scripts/golden/weight_files.py. */
export function digestOf(tensors: readonly InspectedTensor[]): string {
  const lines = tensors.map(({ name, shape, dtype, sha256 }) =>
    [name, shape.join("x"), dtype, sha256].join(" "),
  );
  // By code points, as Python sorts; names of weights are ASCII.
  return createHash("sha256").update(lines.sort().join("\n")).digest("hex");
}

/** Writes bytes into a file that is gone with the test. */
export async function weightFile(bytes: Uint8Array, name = "weights.bin"): Promise<string> {
  const file = join(temporaryFolder(), name);
  await writeFile(file, bytes);
  return file;
}
