import { spawnSync } from "node:child_process";
import { copyFileSync, readFileSync, renameSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { loadEngine } from "../../lib/native.js";
import { copyLibtorch } from "./installed.js";
import { temporaryFolder } from "./temporary.js";

// LibTorch folders with something wrong with them, most as an environment that chooses them.

/** The LibTorch in use with a library more, which makes it one for CUDA to all who only look. */
export function cudaFolder(): string {
  const folder = copyLibtorch(temporaryFolder());
  copyFileSync(join(folder, "lib", "libc10.so"), join(folder, "lib", "libtorch_cuda.so"));
  return folder;
}

/** A library of our own that does something while it is opened. */
function library(file: string, body: string): void {
  const source = `${file}.c`;
  writeFileSync(source, body);
  const { status, stderr } = spawnSync("cc", ["-shared", "-fPIC", "-o", file, source]);
  expect([status, String(stderr)]).toEqual([0, ""]);
}

export function muslFolder(): NodeJS.ProcessEnv {
  const LIBTORCH = copyLibtorch(temporaryFolder());
  const entry = join(LIBTORCH, "lib", "libtorch.so");
  const content = readFileSync(entry).toString("latin1");
  renameSync(entry, `${entry}.was`);
  // Its name in a library is as long as glibc's and more: what matters is that it stands there.
  writeFileSync(entry, Buffer.from(`${content}libc.musl-x86_64.so.1`, "latin1"));
  return { LIBTORCH };
}

/** The LibTorch in use with one of its libraries as a copy that may be spoilt. */
function spoiltFolder(name: string): { LIBTORCH: string; file: string } {
  const LIBTORCH = copyLibtorch(temporaryFolder(), [name]);
  const file = join(LIBTORCH, "lib", name);
  copyFileSync(join(loadEngine().libtorch.path, "lib", name), file);
  return { LIBTORCH, file };
}

export function cutFolder(): NodeJS.ProcessEnv {
  const { LIBTORCH, file } = spoiltFolder("libtorch_cpu.so");
  truncateSync(file, 1_000_000);
  return { LIBTORCH };
}

export function htmlFolder(): NodeJS.ProcessEnv {
  const { LIBTORCH, file } = spoiltFolder("libc10.so");
  writeFileSync(file, `<html><body>${"404 Not Found ".repeat(20)}</body></html>`);
  return { LIBTORCH };
}

export function missingFolder(): NodeJS.ProcessEnv {
  return { LIBTORCH: copyLibtorch(temporaryFolder(), ["libc10.so"]) };
}

export function armFolder(): NodeJS.ProcessEnv {
  const { LIBTORCH, file } = spoiltFolder("libc10.so");
  const content = readFileSync(file);
  content.writeUInt16LE(process.arch === "x64" ? 183 : 62, 18);
  writeFileSync(file, content);
  return { LIBTORCH };
}

export function crashFolder(): NodeJS.ProcessEnv {
  const LIBTORCH = cudaFolder();
  const entry = join(LIBTORCH, "lib", "libtorch.so");
  renameSync(entry, `${entry}.was`);
  const crash = "__attribute__((constructor)) static void end(void) { *(volatile int *)0 = 1; }\n";
  library(entry, crash);
  return { LIBTORCH };
}

export function bareCudaFolder(): NodeJS.ProcessEnv {
  const LIBTORCH = cudaFolder();
  const entry = join(LIBTORCH, "lib", "libtorch.so");
  const needed = join(LIBTORCH, "lib", "libcudart.so.0");
  library(needed, "int cuda_runtime(void) { return 0; }\n");
  renameSync(entry, `${entry}.was`);
  writeFileSync(`${entry}.c`, "int cuda_runtime(void); int use(void) { return cuda_runtime(); }\n");
  const parts = ["-shared", "-fPIC", "-o", entry, `${entry}.c`, needed];
  expect(spawnSync("cc", ["-Wl,-soname,libtorch.so", ...parts]).status).toBe(0);
  renameSync(needed, `${needed}.gone`);
  return { LIBTORCH };
}
