import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Folder of the real data sets; SSD_DISTILL_DATA names another. */
export const dataDir = process.env.SSD_DISTILL_DATA ?? join(root, "..", "shared", "data");

/** Path of a real data set. */
export function realData(...parts: string[]): string {
  return join(dataDir, ...parts);
}

/** Whether a real data set is there, for `describe.skipIf(!hasData("bccd"))`. */
export function hasData(name: string): boolean {
  return existsSync(realData(name));
}

/** Title of tests that need a real data set; says why they are skipped when they are. */
export function onRealData(name: string): string {
  return hasData(name) ? `on ${name}` : `on ${name} (skipped: no ${realData(name)})`;
}
