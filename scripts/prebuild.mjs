// Binaries for npm: prebuilds/PLATFORM-ARCH/ with the loader (.node) and the engine (.so), stripped.
import { join } from "node:path";
import { root, run } from "./steps.mjs";

const shim = join(root, "scripts", "gyp-shim.mjs");
const name = ["--name", "ssd-distill", "--napi", "--strip", "--tag-libc"];
run(process.execPath, ["node_modules/prebuildify/bin.js", ...name, "--node-gyp", shim]);
