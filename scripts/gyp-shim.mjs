#!/usr/bin/env node
// prebuildify knows node-gyp alone: this takes its call (`rebuild --target=… --arch=…`) and lets
// cmake-js build instead, in the folder and with the LibTorch that setup has configured.
import { spawnSync } from "node:child_process";

const cmakeJs = ["node_modules/cmake-js/bin/cmake-js", "build", "-O", "build"];
const { status } = spawnSync(process.execPath, cmakeJs, { stdio: "inherit" });
process.exit(status ?? 1);
