import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { cacheDir } from "../data/cache.js";
import { reason, SsdError } from "../errors.js";
import { type FolderFacts, readFolder } from "./folder.js";
import { minorOf } from "./version.js";

/** Which LibTorch to take. */
export interface LocateOptions {
  /** Its folder; by default `LIBTORCH`, then the places of {@link locateLibtorch}. */
  libtorch?: string;
  /** Accepted `major.minor` versions, for example `["2.13"]`; by default any. */
  versions?: readonly string[];
  /** Folders that were tried and are no good, and why. */
  passedOver?: ReadonlyMap<string, string>;
}

/** A LibTorch that was found. */
export interface Libtorch extends FolderFacts {
  /** Absolute path of the folder that holds `lib/libtorch.so`. */
  path: string;
  /** What led to it. */
  source: "option" | "LIBTORCH" | "package" | "cache" | "python";
}

/** A place that was looked at: what it is called, and the folder or why there is none. */
interface Place {
  name: string;
  source: Libtorch["source"];
  path?: string;
  none?: string;
}

/**
 * Finds LibTorch: the option, else `LIBTORCH`; else the first that fits of the npm package
 * `@ssd-distill/libtorch-<os>-<cpu>-cpu`, the cache (newest version first) and, when
 * `LIBTORCH_USE_PYTORCH=1`, the torch of `python3`. The system's linker path is never asked: a copy
 * of another version there would be taken silently.
 *
 * A choice by option or `LIBTORCH` that does not hold is an error, never passed over.
 *
 * @throws SsdError NO_LIBTORCH, with every place that was tried.
 */
export function locateLibtorch(options: LocateOptions = {}): Libtorch {
  const { versions, passedOver } = options;
  const chosen = explicitPlace(options.libtorch);
  if (chosen !== undefined) {
    const instead = `without ${chosen.name} the one that "ssd-distill libtorch install" installs is taken`;
    return judge(chosen, versions, (sentence) => fail(`${sentence}; ${instead}`));
  }
  const tried = ["option libtorch: not given", "LIBTORCH: not set"];
  for (const place of implicitPlaces()) {
    const found = judge(place, versions, (sentence) => void tried.push(sentence));
    if (found === undefined) continue;
    const why = passedOver?.get(found.path);
    if (why === undefined) return found;
    tried.push(`${place.name}: ${why}`);
  }
  fail(
    `expected LibTorch${wanted(versions)}, found none: "npm install ${libtorchPackage}" or ` +
      '"ssd-distill libtorch install" installs one, LIBTORCH=FOLDER names one that is there; ' +
      `tried:\n${tried.map((line) => `  - ${line}`).join("\n")}`,
  );
}

/** Every LibTorch in the places of {@link locateLibtorch}, of any version, in their order. */
export function everyLibtorch(): Libtorch[] {
  const chosen = explicitPlace(undefined);
  const places = [...(chosen === undefined ? [] : [chosen]), ...implicitPlaces()];
  const found = places.map((place) => judge(place, undefined, () => undefined));
  return found.filter((libtorch) => libtorch !== undefined);
}

/** Whether the environment chooses a LibTorch, so that no version is preferred to it. */
export function hasExplicitLibtorch(): boolean {
  return Boolean(process.env.LIBTORCH);
}

function explicitPlace(option: string | undefined): Place | undefined {
  if (option !== undefined) return { name: "option libtorch", source: "option", path: option };
  if (!hasExplicitLibtorch()) return undefined;
  return { name: "LIBTORCH", source: "LIBTORCH", path: process.env.LIBTORCH! };
}

/** Looks into a place; what is wrong with it goes to `reject` as a sentence. */
function judge<R>(
  place: Place,
  versions: readonly string[] | undefined,
  reject: (sentence: string) => R,
): Libtorch | R {
  if (place.path === undefined) return reject(`${place.name}: ${place.none}`);
  const path = resolve(place.path);
  const facts = readFolder(path);
  if (typeof facts === "string") {
    return reject(`${place.name}: expected a LibTorch folder, got ${path}: ${facts}`);
  }
  if (versions !== undefined && !versions.includes(minorOf(facts.version))) {
    return reject(
      `${place.name}: expected LibTorch${wanted(versions)}, got ${facts.version} at ${path}`,
    );
  }
  return { path, ...facts, source: place.source };
}

/** Places in the order of preference; a generator, so that Python runs only when all else failed. */
function* implicitPlaces(): Generator<Place> {
  yield packagePlace();
  yield* cachePlaces();
  yield pythonPlace();
}

/** The npm package of LibTorch for this platform's CPU. */
export const libtorchPackage = `@ssd-distill/libtorch-${process.platform}-${process.arch}-cpu`;

function packagePlace(): Place {
  const place: Place = { name: `package ${libtorchPackage}`, source: "package" };
  try {
    return {
      ...place,
      path: dirname(createRequire(import.meta.url).resolve(`${libtorchPackage}/package.json`)),
    };
  } catch {
    return { ...place, none: "not installed" };
  }
}

function cachePlaces(): Place[] {
  let folder: string;
  try {
    folder = libtorchCache();
  } catch (error) {
    return [{ name: "cache", source: "cache", none: reason(error) }];
  }
  const names = cachedNames(folder);
  // Numeric order, as 2.9 is older than 2.13; of one version the longer name (+cu130) is the
  // CUDA build, which nobody gets without asking for it.
  names.sort((a, b) => b.localeCompare(a, "en", { numeric: true }));
  if (names.length === 0) return [{ name: `cache ${folder}`, source: "cache", none: "empty" }];
  return names.map((name) => ({ name: "cache", source: "cache", path: join(folder, name) }));
}

/** The folders of LibTorch in the cache. */
export function cachedNames(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).filter((name) => /^\d/.test(name)) : [];
}

/** The part of the cache that holds LibTorch, one folder a version. */
export function libtorchCache(): string {
  return join(cacheDir(), "libtorch");
}

// Asks where torch is without importing it, and not in the working folder, which comes first.
const findTorch =
  "import sys; sys.path.pop(0); import importlib.util as u; s = u.find_spec('torch'); " +
  "print(s.submodule_search_locations[0] if s else '')";

function pythonPlace(): Place {
  const place: Place = { name: "python3", source: "python" };
  if (process.env.LIBTORCH_USE_PYTORCH !== "1") {
    return { ...place, none: "not asked (LIBTORCH_USE_PYTORCH=1 takes its torch)" };
  }
  const run = spawnSync("python3", ["-c", findTorch], { encoding: "utf8", timeout: 30_000 });
  const path = run.stdout?.trim();
  if (path) return { ...place, path };
  if (run.error) return { ...place, none: `could not be run: ${run.error.message}` };
  return { ...place, none: run.status === 0 ? "has no torch" : `failed: ${run.stderr.trim()}` };
}

function wanted(versions: readonly string[] | undefined): string {
  return versions === undefined ? "" : ` ${versions.join(" or ")}`;
}

function fail(sentence: string): never {
  throw new SsdError("NO_LIBTORCH", sentence);
}
