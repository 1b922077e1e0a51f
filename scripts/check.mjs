// What `npm test` runs once setup is done: style, structure, types, native tests, tests. It stops at
// the first thing that fails. Arguments go to vitest: `npm test -- test/lib/cli`.
import { cpus } from "node:os";
import { join } from "node:path";
import { root, run, runSteps, which } from "./steps.mjs";

const node = process.execPath;
const tsc = "node_modules/typescript/bin/tsc";
const vitest = ["node_modules/vitest/vitest.mjs", "run", "--config", "test/vitest.config.ts"];
const biome = ["node_modules/@biomejs/biome/bin/biome", "check", "--config-path=scripts"];
// README's code blocks: the package's check runs them.
const others = ["--exclude", "test/package/readme.test.ts"];
// A run that finds no native test is no pass.
const ctest = ["--output-on-failure", "--no-tests=error", "-j", String(Math.min(2, cpus().length))];

runSteps("check", [
  ["style", () => run(node, [...biome, "lib", "test", "scripts"])],
  ["structure", () => run(node, ["scripts/lint.mjs"])],
  ["types of the tests", () => run(node, [tsc, "-p", "test"])],
  ["CUDA sources", cudaSources],
  ["native tests", () => run("ctest", ctest, { cwd: join(root, "build") })],
  ["package", () => run(node, ["scripts/check-package.mjs"])],
  ["tests", () => run(node, [...vitest, ...others, ...process.argv.slice(2)])],
  ["all", () => "passed"],
]);

/** Kernels that no machine without nvcc can compile are said to be left out, not passed. */
function cudaSources() {
  if (!which("nvcc")) return "left out: no nvcc on PATH";
  run(node, ["scripts/cuda-check.mjs"]);
}
