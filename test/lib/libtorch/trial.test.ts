import { spawnSync } from "node:child_process";
import { beforeEach, expect, test, vi } from "vitest";
import type { Libtorch } from "../../../lib/libtorch/locate.js";
import { tryCuda } from "../../../lib/libtorch/trial.js";
import { failure } from "../../support/small.js";

vi.mock("node:child_process", async (original) => ({
  ...(await original<typeof import("node:child_process")>()),
  spawnSync: vi.fn(),
}));

const libtorch: Libtorch = { path: "/cuda", version: "2.13.0+cu130", cuda: true, source: "cache" };
const parts = { libtorch, files: { engine: "/engine.so" } };
const process_ = vi.mocked(spawnSync);

/** Lets the trial's process say these lines, and end so. */
function ends(lines: object[], end: { status?: number; signal?: string } = { status: 0 }): void {
  const stdout = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
  process_.mockReturnValueOnce({ stdout, ...end } as ReturnType<typeof spawnSync>);
}

beforeEach(() => {
  vi.unstubAllEnvs();
  vi.stubEnv("SSD_DISTILL_CUDA_TRIED", undefined);
  vi.stubEnv("CUDA_VISIBLE_DEVICES", undefined);
  process_.mockReset();
});

test("what works is tried once by a program: its workers and forks inherit that", () => {
  ends([{ loaded: true }, { devices: ["cpu", "cuda:0"] }]);
  expect(tryCuda(parts)).toBeUndefined();
  expect(tryCuda(parts)).toBeUndefined();
  expect(process_).toHaveBeenCalledTimes(1);
  const [program, [script, given]] = process_.mock.calls[0] as unknown as [string, string[]];
  expect(program).toBe(process.execPath);
  expect(script).toMatch(/dist\/libtorch\/trial-process\.js$/);
  expect(JSON.parse(given!)).toEqual(parts);
  // Another LibTorch is another trial.
  ends([{ loaded: true }, { devices: [] }]);
  expect(tryCuda({ ...parts, libtorch: { ...libtorch, path: "/other" } })).toBeTypeOf("string");
});

test("a driver that ends the process that asks it is a reason, not an end", () => {
  ends([{ loaded: true }], { signal: "SIGSEGV" });
  expect(tryCuda(parts)).toBe("CUDA that ends the process that asks for it (SIGSEGV)");
});

test("so is one that fails, and none", () => {
  ends([{ loaded: true }, { devices: ["cpu", "cuda:0"], failed: "driver too old" }]);
  expect(tryCuda(parts)).toBe("CUDA that fails: driver too old");
  ends([{ loaded: true }, { devices: [] }]);
  expect(tryCuda(parts)).toMatch(/without an NVIDIA driver|that shows no device/);
});

test("one that cannot be loaded at all is an error with its sentence", () => {
  ends([{ error: "expected the libraries of a LibTorch, got x" }]);
  expect(() => tryCuda(parts)).toThrow(failure("NO_LIBTORCH", "libraries of a LibTorch, got x"));
  ends([], { signal: "SIGBUS" });
  expect(() => tryCuda(parts)).toThrow(failure("NO_LIBTORCH", "/cuda", "SIGBUS", "install"));
  ends([], { status: 7 });
  expect(() => tryCuda(parts)).toThrow(failure("NO_LIBTORCH", "exit code 7"));
});
