// What setup and check share: running commands, finding tools, telling whether files changed.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of package.json; every command runs in it. */
export const root = join(dirname(fileURLToPath(import.meta.url)), "..");

/** An end with a sentence and an exit code: 2 when a tool is missing, 1 else. */
export class Failure extends Error {
  constructor(message, code = 1) {
    super(message);
    this.code = code;
  }
}

/** Runs a command with its output on our stderr, so that stdout stays free. */
export function run(command, args, options = {}) {
  const stdio = ["ignore", process.stderr.fd, process.stderr.fd];
  const { status, signal, error } = spawnSync(command, args, { cwd: root, stdio, ...options });
  if (status === 0) return;
  const line = [command, ...args].join(" ").replaceAll(`${root}/`, "");
  throw new Failure(
    `"${line}" ${error ? `could not be run: ${error.message}` : `ended with ${signal ?? status}`}`,
  );
}

/** Runs a command and returns what it says: `{ ok, out, err }`. */
export function ask(command, args, options = {}) {
  const result = spawnSync(command, args, { cwd: root, encoding: "utf8", ...options });
  return { ok: result.status === 0, out: result.stdout ?? "", err: result.stderr ?? "" };
}

/** The path of a program on PATH, or undefined. */
export function which(program) {
  for (const folder of (process.env.PATH ?? "").split(delimiter).filter(Boolean)) {
    const path = join(folder, program);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not in this one.
    }
  }
  return undefined;
}

/** Files under a folder of the repository whose names fit, sorted, as paths from the root. */
export function filesUnder(folder, pattern) {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && pattern.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .sort();
}

/** A digest of files' names and contents: times change with every checkout, contents do not. */
export function digest(files) {
  const hash = createHash("sha256");
  for (const file of files) hash.update(`${file}\n`).update(readFileSync(join(root, file)));
  return hash.digest("hex");
}

/** What was written by the last good run into `folder`, or nothing. */
export function readStamp(folder) {
  try {
    return JSON.parse(readFileSync(join(root, folder, ".setup.json"), "utf8"));
  } catch {
    return {};
  }
}

export function writeStamp(folder, stamp) {
  mkdirSync(join(root, folder), { recursive: true });
  writeFileSync(join(root, folder, ".setup.json"), `${JSON.stringify(stamp)}\n`);
}

/** Runs steps one by one, saying on stderr what each did and how long it took. */
export function runSteps(name, steps) {
  const say = (line) => process.stderr.write(`${name}: ${line}\n`);
  try {
    for (const [title, work] of steps) {
      const start = performance.now();
      const outcome = work(say) ?? "done";
      say(`${title}: ${outcome} (${((performance.now() - start) / 1000).toFixed(1)} s)`);
    }
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    say(error.message);
    process.exit(error.code);
  }
}
