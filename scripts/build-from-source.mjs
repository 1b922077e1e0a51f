// Builds the engine in an installed package, or a clone, for the LibTorch that LIBTORCH names (any version
// from 2.11 on; its headers must be there) or that is found: where no binaries fit. What was built is taken
// before what was shipped. `--CDNAME=VALUE` sets a CMake option.
import { join } from "node:path";
import { buildNative, findTools } from "./native.mjs";
import { ask, Failure, root, runSteps } from "./steps.mjs";

let libtorch;
runSteps("build", [
  ["tools", findTools],
  ["libtorch", findLibtorch],
  ["engine", (say) => buildNative(libtorch, process.argv.slice(2), say)],
]);

function findLibtorch() {
  const cli = join(root, "dist", "cli", "main.js");
  const where = ask(process.execPath, [cli, "libtorch", "where", "--build", "--json"]);
  if (!where.ok) throw new Failure(where.err.trim().replace(/^ssd-distill: /, ""));
  libtorch = JSON.parse(where.out);
  return `${libtorch.version} at ${libtorch.path}`;
}
