import { renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { SsdError, suggestion } from "../errors.js";
import { cachedNames, libtorchCache } from "./locate.js";

/**
 * Removes a LibTorch from the cache; a process that uses it goes on.
 *
 * @param name Its folder there: `2.13.0`, `2.13.0+cu130`.
 * @returns The path of what was removed.
 * @throws SsdError BAD_OPTION naming those that are there.
 */
export function removeLibtorch(name: string): string {
  const cache = libtorchCache();
  const there = cachedNames(cache);
  if (!there.includes(name)) {
    const known = there.length > 0 ? there.join(", ") : "nothing";
    throw new SsdError(
      "BAD_OPTION",
      `libtorch remove: expected one of the cache ${cache} (${known}), got ${JSON.stringify(name)}${suggestion(name, there)}`,
    );
  }
  const path = join(cache, name);
  // In one step; what a killed removal leaves is swept away by an installation.
  const aside = join(cache, `.install-removed-${process.pid}-${name}`);
  renameSync(path, aside);
  rmSync(aside, { recursive: true, force: true });
  return path;
}
