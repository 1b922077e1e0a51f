// Binaries for npm: prebuilds/PLATFORM-ARCH/ with the loader (.node) and the engines (.so), stripped.
// Engines for several LibTorch versions lie side by side when it is run once with each; `--fresh` begins
// with an empty folder.
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { root, run } from "./steps.mjs";

const shim = join(root, "scripts", "gyp-shim.mjs");
const cwd = join(root, "build", "prebuild");
mkdirSync(cwd, { recursive: true });
if (process.argv.includes("--fresh")) {
  rmSync(join(root, "prebuilds"), { recursive: true, force: true });
}
const name = ["--name", "ssd-distill", "--napi", "--strip", "--tag-libc"];
const places = ["--cwd", cwd, "--out", root, "--node-gyp", shim];
run(process.execPath, ["node_modules/prebuildify/bin.js", ...name, ...places]);
