// Compiles every CUDA source for the architectures that are shipped, where no GPU is needed: with
// nvcc, against the headers of the LibTorch that is there. Nothing is linked; unchanged sources are
// not compiled again.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  ask,
  digest,
  Failure,
  filesUnder,
  readStamp,
  root,
  run,
  runSteps,
  which,
  writeStamp,
} from "./steps.mjs";

const folder = join("build", "cuda-check");
/** Ampere and Hopper as machine code, and what newer ones compile themselves. */
const architectures = ["80", "90"].map((n) => `-gencode=arch=compute_${n},code=sm_${n}`);
const portable = "-gencode=arch=compute_90,code=compute_90";

runSteps(
  "cuda-check",
  filesUnder("native", /\.cu$/).map((file) => [file, () => compile(file)]),
);

function compile(file) {
  const sources = digest(["scripts/cuda-check.mjs", ...filesUnder("native", /\.(h|cuh)$/), file]);
  const stamps = readStamp(folder);
  if (stamps[file] === sources) return "up to date";
  if (!which("nvcc")) throw new Failure("nvcc is not on PATH; it comes with the CUDA toolkit", 2);
  const libtorch = findLibtorch();
  const own = join(root, folder, "include");
  // A CPU LibTorch lacks this one header, which only says how its CUDA part was built.
  const missing = join(own, "c10", "cuda", "impl");
  mkdirSync(missing, { recursive: true });
  writeFileSync(
    join(missing, "cuda_cmake_macros.h"),
    "#pragma once\n#define C10_CUDA_BUILD_SHARED_LIBS\n",
  );
  const api = join(libtorch, "include", "torch", "csrc", "api", "include");
  const includes = [join(root, "native"), own, join(libtorch, "include"), api].flatMap((path) => [
    "-I",
    path,
  ]);
  const output = join(root, folder, `${file.replaceAll("/", "-")}.o`);
  const flags = ["-std=c++20", "-O3", "--expt-relaxed-constexpr", "-w"];
  run("nvcc", [...flags, ...architectures, portable, ...includes, "-c", file, "-o", output]);
  writeStamp(folder, { ...stamps, [file]: sources });
  return "compiled";
}

function findLibtorch() {
  const where = ask(process.execPath, [
    "dist/cli/main.js",
    "libtorch",
    "where",
    "--build",
    "--json",
  ]);
  if (!where.ok) throw new Failure(`${where.err.trim()}; "npm run setup" installs it`, 2);
  return JSON.parse(where.out).path;
}
