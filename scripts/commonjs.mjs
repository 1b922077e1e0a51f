// The entry for `require`, in dist/cjs: the same module, as Node requires ES modules since 20.19, so that
// both kinds of callers share one engine and one SsdError. Types are told apart by the nearest
// package.json, so the declarations are there once more.
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { filesUnder, root } from "./steps.mjs";

const folder = join(root, "dist", "cjs");

export function writeCommonJs() {
  rmSync(folder, { recursive: true, force: true });
  for (const file of filesUnder("dist", /\.d\.ts$/)) {
    const copy = join(folder, file.slice("dist/".length));
    mkdirSync(dirname(copy), { recursive: true });
    copyFileSync(join(root, file), copy);
  }
  writeFileSync(join(folder, "package.json"), '{ "type": "commonjs" }\n');
  writeFileSync(join(folder, "index.js"), 'module.exports = require("../index.js");\n');
}
