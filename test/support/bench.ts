import { vi } from "vitest";
import { runBench } from "../../lib/bench/bench.js";
import { pythonWith } from "./python.js";

/** Options with which a row takes little time. */
export const little = { batch: 2, threads: [1] as [number], seconds: 0.001, rounds: 2 };

/** A Python with PyTorch, if there is one. */
export const torchPython = pythonWith("torch");

/** A row, its result and what was noted; beside PyTorch when asked for, else without a Python. */
export async function measuredRow(name: string, options: object = {}, python?: string) {
  vi.stubEnv("SSD_DISTILL_PYTHON", python ?? "/none/such");
  const notes: string[] = [];
  const note = (line: string) => void notes.push(line);
  try {
    const result = await runBench([name], { ...little, ...options }, { note });
    return { row: result.rows[0]!, notes, result };
  } finally {
    vi.unstubAllEnvs();
  }
}

/** The title of a test that compares with PyTorch: where none is, it says so. */
export function besideTorch(title: string): string {
  return torchPython === undefined ? `${title} (skipped: no Python with torch)` : title;
}
