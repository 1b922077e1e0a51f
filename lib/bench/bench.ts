import { SsdError, suggestion } from "../errors.js";
import { engine } from "../native.js";
import { parseOptions } from "../options.js";
import { type BenchOptions, benchOptions } from "./options.js";
import type { Measure, Row } from "./row.js";

/** Every row by its name, in the order they run; what one works with is loaded when it does. */
const rows: Record<string, Measure> = {
  pack: async (bench) => (await import("./packing.js")).measurePacking(bench),
  loader: async (bench) => (await import("./loader.js")).measureLoader(bench),
  match: async (bench) => (await import("./match.js")).measureMatch(bench),
  kd: async (bench) => (await import("./kd.js")).measureKd(bench),
  nms: async (bench) => (await import("./nms.js")).measureNms(bench),
  step: async (bench) => (await import("./step.js")).measureStep(bench, false),
  "step-kd": async (bench) => (await import("./step.js")).measureStep(bench, true),
};

/** Names that stand for several rows. */
const groups: Record<string, readonly string[]> = { kernels: ["match", "kd", "nms"] };

export const rowNames: readonly string[] = Object.keys(rows);
/** All that a row can be asked for by. */
export const benchNames: readonly string[] = [...rowNames, ...Object.keys(groups)];

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
 * @param names Rows, or `kernels` for match, kd and nms; by default all rows there are.
 * @throws SsdError BAD_OPTION for a row that is not known, naming the nearest; CANCELLED; whatever
 *   a row throws
 */
export async function runBench(
  names: readonly string[],
  options: BenchOptions,
  { note, signal }: { note(line: string): void; signal?: AbortSignal },
): Promise<BenchResult> {
  const asked = (names.length > 0 ? names : rowNames).flatMap(rowsOf);
  const measures = [...new Set(asked)].map((name) => rows[name]!);
  const resolved = parseOptions(benchOptions, options, "bench options");
  const { libtorch, cpu, threads } = engine().info();
  const versions: Record<string, string> = { node: process.version, libtorch };
  const measured: Row[] = [];
  for (const measure of measures) {
    measured.push(await measure({ options: resolved, note, signal, versions }));
  }
  const device = resolved.device === "cpu" ? `cpu (${cpu})` : resolved.device;
  return { device, threads, versions, rows: measured };
}

function rowsOf(name: string): readonly string[] {
  if (Object.hasOwn(rows, name)) return [name];
  if (Object.hasOwn(groups, name)) return groups[name]!;
  throw new SsdError(
    "BAD_OPTION",
    `bench: expected ${benchNames.join(", ")}, got ${JSON.stringify(name)}${suggestion(name, benchNames)}`,
  );
}
