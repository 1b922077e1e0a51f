#!/usr/bin/env node
// prebuildify knows node-gyp alone: this takes its call (`rebuild --target=… --arch=…`) and lets
// cmake-js build instead, with the LibTorch that setup has configured. prebuildify strips and moves
// what it finds in build/Release of its own folder, so it gets copies there.
import { copyFileSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { cmakeJs } from "./native.mjs";
import { root } from "./steps.mjs";

cmakeJs("build", []);
const built = join(root, "build", "Release");
const copies = join(process.cwd(), "build", "Release");
rmSync(copies, { recursive: true, force: true });
mkdirSync(copies, { recursive: true });
for (const file of readdirSync(built).filter((name) => /\.(node|so)$/.test(name))) {
  copyFileSync(join(built, file), join(copies, file));
}
