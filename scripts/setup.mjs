// Brings a clone to where it runs: packages, TypeScript, LibTorch, the engine. Each step does
// nothing when nothing changed. `--native-tests` builds the native tests too; `--CDNAME=VALUE` sets
// a CMake option (`--CDSSD_CUDA=ON`). Both stay as they are until they are changed.
import { chmodSync, existsSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { writeCommonJs } from "./commonjs.mjs";
import { buildNative, checkToolchain, nativeIsStale } from "./native.mjs";
import {
  ask,
  digest,
  Failure,
  filesUnder,
  readStamp,
  root,
  run,
  runSteps,
  writeStamp,
} from "./steps.mjs";

const cli = join("dist", "cli", "main.js");
const definitions = process.argv
  .slice(2)
  .map((arg) => (arg === "--native-tests" ? "--CDSSD_TESTS=ON" : arg));
for (const arg of definitions) {
  if (/^--CD\w+=/.test(arg)) continue;
  process.stderr.write(`setup: expected --native-tests or --CDNAME=VALUE, got ${arg}\n`);
  process.exit(2);
}
let libtorch;

runSteps("setup", [
  ["packages", packages],
  // Before the long steps, so that nobody waits for a download to read that g++ is missing.
  ["tools", () => (nativeIsStale(definitions) ? checkToolchain() : "not needed")],
  ["typescript", typescript],
  ["libtorch", findLibtorch],
  ["engine", engine],
]);

function engine(say) {
  // Binaries of older sources would be found where none was built for a LibTorch.
  if (nativeIsStale([])) rmSync(join(root, "prebuilds"), { recursive: true, force: true });
  return buildNative(libtorch, definitions, say);
}

function packages(say) {
  if (packagesAreCurrent()) return "up to date";
  say("npm ci");
  run("npm", ["ci", "--no-audit", "--no-fund"]);
}

function packagesAreCurrent() {
  const wanted = join(root, "package-lock.json");
  const installed = join(root, "node_modules", ".package-lock.json");
  if (!existsSync(installed)) return false;
  if (statSync(installed).mtimeMs >= statSync(wanted).mtimeMs) return true;
  // A fresh checkout dates the lock file anew: what counts is what it asks for.
  const have = JSON.parse(readFileSync(installed, "utf8")).packages;
  const want = Object.entries(JSON.parse(readFileSync(wanted, "utf8")).packages);
  return want.every(
    ([path, { version, optional }]) => path === "" || optional || have[path]?.version === version,
  );
}

function typescript() {
  const sources = filesUnder("lib", /\.ts$/);
  const made = ["lib/tsconfig.json", "package-lock.json", "scripts/commonjs.mjs"];
  const stamp = { lib: digest([...sources, ...made]) };
  if (readStamp("dist").lib === stamp.lib && existsSync(join(root, cli))) return "up to date";
  removeOrphans(sources);
  run(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "lib"]);
  writeCommonJs();
  chmodSync(join(root, cli), 0o755);
  writeStamp("dist", stamp);
}

/** Removes what was compiled from sources that are gone: imports of it would still work. */
function removeOrphans(sources) {
  const stems = new Set(sources.map((file) => file.slice("lib/".length, -".ts".length)));
  for (const file of filesUnder("dist", /\.(js|d\.ts)(\.map)?$/)) {
    const stem = file.slice("dist/".length).replace(/\.(js|d\.ts)(\.map)?$/, "");
    if (!stems.has(stem)) rmSync(join(root, file));
  }
}

function findLibtorch(say) {
  const where = ask(process.execPath, [cli, "libtorch", "where", "--build", "--json"]);
  if (where.ok) {
    libtorch = JSON.parse(where.out);
  } else if (process.env.LIBTORCH) {
    // Somebody's choice: what is wrong with it is theirs to know.
    throw new Failure(where.err.trim().replace(/^ssd-distill: /, ""));
  } else {
    say("installing LibTorch");
    const stdio = ["ignore", "pipe", "inherit"];
    const install = ask(process.execPath, [cli, "libtorch", "install", "--json"], { stdio });
    if (!install.ok) throw new Failure("LibTorch could not be installed");
    libtorch = JSON.parse(install.out);
  }
  return `${libtorch.version} at ${libtorch.path}`;
}
