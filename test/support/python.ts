import { execFileSync } from "node:child_process";
import { chmodSync } from "node:fs";
import { vi } from "vitest";
import { temporaryFolder, writeTree } from "./temporary.js";

/**
 * The Python that references run on: `SSD_DISTILL_PYTHON`, by default `python3`. Undefined where it
 * lacks the module.
 *
 * @param must One that was asked for has to have it.
 */
export function pythonWith(module: string, must = false): string | undefined {
  const asked = process.env.SSD_DISTILL_PYTHON;
  const python = asked ?? "python3";
  try {
    execFileSync(python, ["-c", `import ${module}`], { stdio: "ignore" });
    return python;
  } catch {
    if (asked === undefined || !must) return undefined;
    throw new Error(`SSD_DISTILL_PYTHON: expected a Python with ${module}, got ${python}`);
  }
}

/** Puts a `python3` in front of PATH, for one test, that runs lines of shell. */
export function stubPython(lines: string): void {
  const bin = writeTree(temporaryFolder(), { python3: `#!/bin/sh\n${lines}\n` });
  chmodSync(`${bin}/python3`, 0o755);
  vi.stubEnv("PATH", `${bin}:${process.env.PATH}`);
}
