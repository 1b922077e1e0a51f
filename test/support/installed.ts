import {
  copyFileSync,
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { libtorchPackage as name } from "../../lib/libtorch/locate.js";
import { loadEngine } from "../../lib/native.js";
import { packageRoot } from "../../lib/package.js";
import { writeTree } from "./temporary.js";

// A project that has this package in node_modules as an installation leaves it: copies of what is
// packed. What it depends on is linked from here.

const platform = `${process.platform}-${process.arch}`;

/** Puts this package into a project's node_modules, or beside its peers somewhere else. */
export function install(project: string, modules = join(project, "node_modules")): string {
  const own = join(modules, "ssd-distill");
  const binaries = join(own, "prebuilds", platform);
  mkdirSync(binaries, { recursive: true });
  cpSync(join(packageRoot, "dist"), join(own, "dist"), { recursive: true });
  copyFileSync(join(packageRoot, "package.json"), join(own, "package.json"));
  const built = join(packageRoot, "build", "Release");
  for (const file of readdirSync(built).filter((name) => /\.(node|so)$/.test(name))) {
    copyFileSync(join(built, file), join(binaries, file.replace(".node", ".glibc.node")));
  }
  const theirs = join(packageRoot, "node_modules");
  for (const name of readdirSync(theirs).filter((name) => !name.startsWith("."))) {
    if (!existsSync(join(modules, name))) symlinkSync(join(theirs, name), join(modules, name));
  }
  writeTree(project, { "package.json": "{}" });
  return own;
}

/** Puts the LibTorch in use into a folder, as the npm package of it has it. */
export function installLibtorch(modules: string): string {
  const folder = join(modules, name);
  copyLibtorch(folder);
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "libtorch" }));
  return folder;
}

/** The LibTorch in use at another place: half a gigabyte, so hard links where the disk is the same. */
export function copyLibtorch(folder: string, skip: readonly string[] = []): string {
  const { path, version } = loadEngine().libtorch;
  mkdirSync(join(folder, "lib"), { recursive: true });
  for (const name of readdirSync(join(path, "lib"))) {
    if (!skip.includes(name)) linkOrCopy(join(path, "lib", name), join(folder, "lib", name));
  }
  writeFileSync(join(folder, "build-version"), version);
  return folder;
}

function linkOrCopy(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch {
    mkdirSync(dirname(to), { recursive: true });
    copyFileSync(from, to);
  }
}
