import type { ResolvedBenchOptions } from "./options.js";

// Field names are those of the JSON that `ssd-distill bench` prints.

/** One measured thing beside what a PyTorch user would have. */
export interface Row {
  name: string;
  /** Median milliseconds. */
  ours_ms: number;
  /** What ours is compared with; null when it could not run. */
  peer: string | null;
  peer_ms: number | null;
  /** Median over the rounds of the peer's milliseconds over ours: over 1, ours is faster. */
  ratio: number | null;
  /** What no implementation could go below on this machine; null where there is no such figure. */
  floor_ms: number | null;
  /** What else a row has to say. */
  [field: string]: unknown;
}

/** What a row is measured with. */
export interface Bench {
  options: ResolvedBenchOptions;
  /** Tells about the work. */
  note(line: string): void;
  signal?: AbortSignal;
  /** Collects the versions of what takes part, by name. */
  versions: Record<string, string>;
}

export type Measure = (bench: Bench) => Promise<Row>;
