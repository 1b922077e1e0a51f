import { resolve } from "node:path";
import envPaths from "env-paths";

/**
 * The folder this package keeps things in that can be made again: LibTorch, packed pictures.
 * `SSD_DISTILL_CACHE` names it; otherwise it is the user's cache folder.
 */
export function cacheDir(): string {
  const own = process.env.SSD_DISTILL_CACHE;
  return own ? resolve(own) : envPaths("ssd-distill", { suffix: "" }).cache;
}
