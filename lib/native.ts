import { createRequire } from "node:module";
import { constants } from "node:os";
import { join } from "node:path";
import { reason, SsdError } from "./errors.js";
import { checkLibraries } from "./libtorch/elf.js";
import { type EngineFiles, findEngines } from "./libtorch/engines.js";
import { type Libtorch, type LocateOptions, locateLibtorch } from "./libtorch/locate.js";
import { requireOnlyLibtorch } from "./libtorch/mapped.js";
import { tryCuda } from "./libtorch/trial.js";
import { minorOf } from "./libtorch/version.js";
import type { Engine } from "./native-engine.js";
import { packageRoot } from "./package.js";

// The one place that loads native code. To import this package touches none of it.

/** What node-gyp-build finds: a C loader that needs libc alone, so that it loads without LibTorch. */
interface Loader {
  dlopen(path: string): void;
  /**
   * Decodes a JPEG of this size into `rgb`, width * height * 3 bytes. False when libjpeg-turbo has
   * anything to complain about: `rgb` is undefined then. Absent where the machine has none.
   */
  decodeJpeg?(jpeg: Uint8Array, rgb: Uint8Array, width: number, height: number): Promise<boolean>;
}

/** What is loaded. */
export interface Loaded {
  engine: Engine;
  libtorch: Libtorch;
  /** Why a LibTorch for CUDA computes on the CPU here, or was passed over for one that does. */
  withoutCuda?: string;
}

let loader: Loader | undefined;
let loaded: Loaded | undefined;

/**
 * Loads LibTorch and the engine built for it, once; later calls return the same. A LibTorch for CUDA
 * is tried in another process first: where CUDA cannot be used, it computes on the CPU.
 *
 * @throws SsdError NO_LIBTORCH when no LibTorch fits, with every place that was tried.
 */
export function loadEngine(options: LocateOptions = {}): Loaded {
  if (loaded !== undefined) return loaded;
  const { libtorch, files, withoutCuda } = choose(options);
  const engine = openEngine(libtorch, files, withoutCuda);
  process.on("exit", () => engine.shutdown());
  loaded = { engine, libtorch, withoutCuda };
  return loaded;
}

/** The first LibTorch that fits; of those for CUDA, that can be loaded, unless it is somebody's choice. */
function choose(options: LocateOptions) {
  const engines = findEngines();
  const versions = [...engines.keys()];
  const passedOver = new Map<string, string>();
  for (;;) {
    const libtorch = locateLibtorch({ ...options, versions, passedOver });
    const files = engines.get(minorOf(libtorch.version))!;
    if (!libtorch.cuda) {
      const [withoutCuda] = passedOver.values();
      return { libtorch, files, withoutCuda };
    }
    try {
      return { libtorch, files, withoutCuda: tryCuda({ libtorch, files }) };
    } catch (error) {
      if (libtorch.source === "option" || libtorch.source === "LIBTORCH") throw error;
      passedOver.set(libtorch.path, reason(error));
    }
  }
}

/**
 * Opens an engine with its LibTorch, in this process for good.
 *
 * @param withoutCuda Why CUDA is not to be asked for anything.
 * @throws SsdError NO_LIBTORCH
 */
export function openEngine(libtorch: Libtorch, files: EngineFiles, withoutCuda?: string): Engine {
  checkLibraries(libtorch.path);
  requireOnlyLibtorch(libtorch.path, "before");
  const { dlopen } = loadLoader();
  const module = { exports: {} as Engine };
  try {
    dlopen(join(libtorch.path, "lib", "libtorch.so"));
    process.dlopen(module, files.engine, constants.dlopen.RTLD_NOW);
    // Kernels register themselves; without them a GPU's pictures are made on the CPU.
    const cuda = libtorch.cuda && withoutCuda === undefined;
    if (cuda && files.kernels !== undefined) dlopen(files.kernels);
  } catch (error) {
    throw new SsdError(
      "NO_LIBTORCH",
      `the engine ${files.engine} could not be loaded with LibTorch ${libtorch.version} at ${libtorch.path}: ` +
        `${reason(error)}; "ssd-distill libtorch install" installs one that fits`,
      { cause: error },
    );
  }
  const engine = module.exports;
  engine.initialize(SsdError);
  if (withoutCuda !== undefined) engine.withholdCuda(withoutCuda);
  requireOnlyLibtorch(libtorch.path, "after");
  requireVersion(engine, libtorch);
  return engine;
}

/** Holds what was loaded to what its folder says, and the engine was built for. */
function requireVersion(engine: Engine, { path, version }: Libtorch): void {
  const { libtorch, built } = engine.info();
  if (minorOf(libtorch) === built && minorOf(version) === built) return;
  throw new SsdError(
    "NO_LIBTORCH",
    `expected LibTorch ${built} of the engine, got ${libtorch} from ${path}, which says that it is ${version}`,
  );
}

/**
 * Loads what needs no LibTorch, once; later calls return the same.
 *
 * @throws SsdError NO_LIBTORCH when there is none in this package that fits the machine
 */
export function loadLoader(): Loader {
  const require = createRequire(import.meta.url);
  try {
    loader ??= require("node-gyp-build")(packageRoot) as Loader;
  } catch (error) {
    throw new SsdError(
      "NO_LIBTORCH",
      `expected binaries for this machine in ${packageRoot}, got: ${reason(error).trim().replace(/\s+/g, " ")}; ` +
        '"npm run build:from-source" there builds them',
      { cause: error },
    );
  }
  return loader;
}

/** The engine, for code that runs after it was located. */
export function engine(): Engine {
  return loadEngine().engine;
}
