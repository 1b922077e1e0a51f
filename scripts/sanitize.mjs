// Builds the native tests with the address and undefined-behaviour sanitizers into build-sanitize and
// runs them. Arguments go to the tests: `node scripts/sanitize.mjs data/loader`.
import { availableParallelism, totalmem } from "node:os";
import { join } from "node:path";
import { ask, Failure, root, run, runSteps, which } from "./steps.mjs";

const folder = "build-sanitize";
// The first finding ends the run; without this, undefined behaviour is printed and passes.
const env = {
  ...process.env,
  ASAN_OPTIONS: "detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1",
  UBSAN_OPTIONS: "halt_on_error=1:print_stacktrace=1",
};

runSteps("sanitize", [
  ["configure", configure],
  ["build", build],
  ["tests", () => run(join(root, folder, "test/native/ssd_tests"), process.argv.slice(2), { env })],
]);

function configure() {
  const options = {
    LIBTORCH: findLibtorch(),
    SSD_SANITIZE: "address,undefined",
    SSD_TESTS: "ON",
    CMAKE_BUILD_TYPE: "RelWithDebInfo",
  };
  const definitions = Object.entries(options).map(([name, value]) => `-D${name}=${value}`);
  const generator = which("ninja") ? "Ninja" : "Unix Makefiles";
  run("cmake", ["-S", ".", "-B", folder, "-G", generator, ...definitions]);
}

function findLibtorch() {
  if (process.env.LIBTORCH) return process.env.LIBTORCH;
  const command = ["libtorch", "where", "--build", "--json"];
  const where = ask(process.execPath, ["dist/cli/main.js", ...command]);
  if (!where.ok) throw new Failure(`no LibTorch: ${where.err.trim()}`);
  return JSON.parse(where.out).path;
}

function build() {
  // All cores, but not more compilers than memory holds: a sanitized unit takes up to 3 GiB.
  const jobs = Math.max(
    1,
    Math.min(availableParallelism(), Math.floor(totalmem() / (3 * 2 ** 30))),
  );
  const parallel = process.env.CMAKE_BUILD_PARALLEL_LEVEL ?? String(jobs);
  run("cmake", ["--build", folder, "--target", "ssd_tests", "--parallel", parallel]);
}
