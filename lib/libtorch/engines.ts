import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { SsdError } from "../errors.js";
import { packageRoot } from "../package.js";
import { minorOf, pinnedVersion } from "./version.js";

/** An engine's files. */
export interface EngineFiles {
  engine: string;
  /** Its CUDA kernels, where they were built. */
  kernels?: string;
}

/**
 * Engines in this package by the LibTorch minor version they were built for: what was built there
 * comes before what it was shipped with.
 *
 * @throws SsdError NO_LIBTORCH when there is none
 */
export function findEngines(root = packageRoot): Map<string, EngineFiles> {
  const folders = [
    join(root, "build", "Release"),
    join(root, "prebuilds", `${process.platform}-${process.arch}`),
  ];
  const found = new Map<string, EngineFiles>();
  for (const folder of folders.filter((path) => existsSync(path))) {
    for (const file of readdirSync(folder)) {
      const version = /^libssd_distill-torch(\d+\.\d+)\.so$/.exec(file)?.[1];
      if (version === undefined || found.has(version)) continue;
      const kernels = join(folder, `libssd_distill_cuda-torch${version}.so`);
      found.set(version, {
        engine: join(folder, file),
        kernels: existsSync(kernels) ? kernels : undefined,
      });
    }
  }
  if (found.size === 0) {
    throw new SsdError(
      "NO_LIBTORCH",
      `expected the engine (libssd_distill-torch*.so) in ${folders.join(" or ")}, found none: ` +
        '"npm run setup" in a clone of the repository builds it, "npm run build:from-source" in an installed package',
    );
  }
  return found;
}

/** The LibTorch minor versions that engines here were built for; without any, the one they would be. */
export function fittingMinors(root = packageRoot): string[] {
  try {
    return [...findEngines(root).keys()];
  } catch {
    return [minorOf(pinnedVersion)];
  }
}
