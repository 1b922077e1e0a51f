import { engine } from "../native.js";
import type { ResolvedBenchOptions } from "./options.js";

/** What a stretch of work moves and computes at least. */
export interface Work {
  /** Read from memory or written to it. */
  bytes: number;
  /** Additions and multiplications. */
  flops: number;
}

/** What a device was seen to do at most. */
interface Speed {
  bytesPerSecond: number;
  flopsPerSecond: number;
}

const seen = new Map<string, Speed>();

/**
 * Milliseconds that stretches of work take at least one after another, each bound by memory or by
 * arithmetic, whichever takes longer. What the device does at most is measured once: bytes of a large
 * copy, operations of a large matrix product in the precision.
 */
export function floorOf(
  work: readonly Work[],
  { device, precision }: Pick<ResolvedBenchOptions, "device" | "precision">,
): number {
  const key = `${device} ${precision} ${engine().info().threads}`;
  const speed = seen.get(key) ?? engine().speed(device, dtypes[precision]);
  seen.set(key, speed);
  const seconds = work.map(({ bytes, flops }) =>
    Math.max(bytes / speed.bytesPerSecond, flops / speed.flopsPerSecond),
  );
  return 1000 * seconds.reduce((sum, each) => sum + each, 0);
}

const dtypes = { fp32: "float32", bf16: "bfloat16", fp16: "float16" } as const;
