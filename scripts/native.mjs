// The native part of setup: the toolchain, and cmake-js when something it builds from changed.
import { existsSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism, totalmem } from "node:os";
import { join, relative } from "node:path";
import {
  ask,
  digest,
  Failure,
  filesUnder,
  readStamp,
  root,
  run,
  which,
  writeStamp,
} from "./steps.mjs";

const cache = join(root, "build", "CMakeCache.txt");
const release = join(root, "build", "Release");
const headers = ["node-addon-api", "node-api-headers"];
const sources = /\.(c|cpp|h|cu|cuh)$|^CMakeLists\.txt$/;

/** Throws a sentence with the package to install when a tool of the build is missing. */
export function checkToolchain() {
  need([process.env.CXX, "c++", "g++", "clang++"], "a C++20 compiler", "g++");
  need([process.env.CC, "cc", "gcc", "clang"], "a C compiler", "gcc");
  need(["cmake"], "CMake 3.18 or newer", "cmake");
  need(["ninja", "make"], "Ninja or make", "ninja-build");
  const version = /(\d+)\.(\d+)/.exec(ask("cmake", ["--version"]).out);
  const [, major, minor] = (version ?? []).map(Number);
  if (major < 3 || (major === 3 && minor < 18)) {
    throw new Failure(
      `the engine needs CMake 3.18 or newer, got ${version[0]}; "pip install cmake" has one`,
      2,
    );
  }
  return "found";
}

function need(programs, what, debianPackage) {
  if (programs.some((program) => program && (existsSync(program) || which(program)))) return;
  throw new Failure(
    `the engine needs ${what}, none is on PATH; on Debian and Ubuntu: apt-get install ${debianPackage}`,
    2,
  );
}

/** Whether the engine has to be built, as far as that can be told before LibTorch is known. */
export function nativeIsStale(definitions) {
  const stamp = readStamp("build");
  return (
    stamp.native !== nativeDigest() ||
    // A clone that was moved: what CMake wrote names the old place.
    cached("CMAKE_HOME_DIRECTORY") !== root ||
    definitions.some((definition) => !isCached(definition)) ||
    (testsAreAsked(definitions) && stamp.tests !== testsDigest()) ||
    !existsSync(join(release, "ssd_distill.node"))
  );
}

/** Configures and builds with cmake-js, for one LibTorch. */
export function buildNative(libtorch, definitions, say) {
  const chosen = `${libtorch.version} ${libtorch.path}`;
  if (!nativeIsStale(definitions) && readStamp("build").libtorch === chosen) return "up to date";
  checkToolchain();
  const stamp = { native: nativeDigest(), tests: testsDigest(), libtorch: chosen };
  dropForeignCache();
  const jobs = parallelJobs();
  say(`building with ${jobs} jobs; the first time takes some minutes`);
  cmakeJs("configure", [`--CDLIBTORCH=${libtorch.path}`, ...definitions]);
  // Not `compile`: on an error it cleans and builds all again, and the error scrolls away.
  cmakeJs("build", ["-p", String(jobs)]);
  removeOtherEngines(libtorch.version);
  // Of the tests only what was built counts.
  if (!isCached("--CDSSD_TESTS=ON")) delete stamp.tests;
  writeStamp("build", stamp);
}

/** Runs cmake-js on the folder build. */
export function cmakeJs(command, args) {
  run(process.execPath, [resolved("cmake-js/bin/cmake-js"), command, "-O", "build", ...args]);
}

/** Throws a sentence with what to install when something that the build takes from npm is missing. */
export function findTools() {
  const missing = headers.concat("cmake-js").filter((name) => !resolved(`${name}/package.json`));
  if (missing.length === 0) return checkToolchain();
  throw new Failure(
    `the engine is built with ${missing.join(" and ")}, not found: npm install --save-dev ${missing.join(" ")}`,
    2,
  );
}

/** Where a package's file is, for this package: in a clone its own, else those of whoever installed it. */
function resolved(id) {
  try {
    return createRequire(join(root, "package.json")).resolve(id);
  } catch {
    return undefined;
  }
}

/** All cores, but not more compilers than memory holds: a LibTorch unit takes up to 2 GiB. */
function parallelJobs() {
  return Math.max(1, Math.min(availableParallelism(), Math.floor(totalmem() / 2 ** 31)));
}

function nativeDigest() {
  const versions = headers.map((name) => resolved(`${name}/package.json`)).filter(Boolean);
  const given = versions.map((path) => relative(root, path));
  return digest(["CMakeLists.txt", ...filesUnder("native", sources), ...given]);
}

function testsDigest() {
  return digest(filesUnder("test/native", sources));
}

function testsAreAsked(definitions) {
  return definitions.includes("--CDSSD_TESTS=ON");
}

/** Whether CMake's cache holds `--CDNAME=VALUE` already. */
function isCached(definition) {
  const [name, value] = definition.slice("--CD".length).split("=");
  return cached(name) === value;
}

function cached(name) {
  if (!existsSync(cache)) return undefined;
  return new RegExp(`^${name}:\\w+=(.*)$`, "m").exec(readFileSync(cache, "utf8"))?.[1];
}

/** CMake refuses to work on with a cache of another folder or generator. */
function dropForeignCache() {
  const generator = which("ninja") ? "Ninja" : "Unix Makefiles";
  const home = cached("CMAKE_HOME_DIRECTORY");
  if (home === undefined || (home === root && cached("CMAKE_GENERATOR") === generator)) return;
  rmSync(join(root, "build"), { recursive: true });
}

/** An engine for another LibTorch would be loaded as it was left, from older sources. */
function removeOtherEngines(version) {
  const minor = version.split(".").slice(0, 2).join(".");
  for (const file of filesUnder("build/Release", /^libssd_distill-torch.*\.so$/)) {
    if (!file.endsWith(`-torch${minor}.so`)) rmSync(join(root, file));
  }
}
