import { SsdError, suggestion } from "../errors.js";
import { engine } from "../native.js";
import { parseOptions } from "../options.js";
import { type BenchOptions, benchOptions } from "./options.js";
import type { Measure, Row } from "./row.js";

/** Every row by its name, in the order they run; what one works with is loaded when it does. */
const rows: Record<string, Measure> = {
  pack: async (bench) => (await import("./packing.js")).measurePacking(bench),
  loader: async (bench) => (await import("./loader.js")).measureLoader(bench),
};

export const rowNames: readonly string[] = Object.keys(rows);

/** Figures of this machine. */
export interface BenchResult {
  device: string;
  /** Of LibTorch. */
  threads: number;
  versions: Record<string, string>;
  rows: Row[];
}

/**
 * Measures rows beside what a PyTorch user would have, one after another.
 *
 * @param names By default all rows there are.
 * @throws SsdError BAD_OPTION for a row that is not known, naming the nearest; CANCELLED; whatever
 *   a row throws
 */
export async function runBench(
  names: readonly string[],
  options: BenchOptions,
  { note, signal }: { note(line: string): void; signal?: AbortSignal },
): Promise<BenchResult> {
  const measures = (names.length > 0 ? names : rowNames).map(measureOf);
  const resolved = parseOptions(benchOptions, options, "bench options");
  const { libtorch, cpu, threads } = engine().info();
  const versions: Record<string, string> = { node: process.version, libtorch };
  const measured: Row[] = [];
  for (const measure of measures) {
    measured.push(await measure({ options: resolved, note, signal, versions }));
  }
  return { device: `cpu (${cpu})`, threads, versions, rows: measured };
}

function measureOf(name: string): Measure {
  if (Object.hasOwn(rows, name)) return rows[name]!;
  throw new SsdError(
    "BAD_OPTION",
    `bench: expected ${rowNames.join(", ")}, got ${JSON.stringify(name)}${suggestion(name, rowNames)}`,
  );
}
