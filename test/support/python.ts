import { chmodSync } from "node:fs";
import { vi } from "vitest";
import { temporaryFolder, writeTree } from "./temporary.js";

/** Puts a `python3` in front of PATH, for one test, that runs lines of shell. */
export function stubPython(lines: string): void {
  const bin = writeTree(temporaryFolder(), { python3: `#!/bin/sh\n${lines}\n` });
  chmodSync(`${bin}/python3`, 0o755);
  vi.stubEnv("PATH", `${bin}:${process.env.PATH}`);
}
