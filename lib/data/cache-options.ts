import { z } from "zod";
import { SsdError } from "../errors.js";

/** Where decoded pictures are kept, for the options of whatever opens them. */
export const cacheShape = {
  cache: z
    .enum(["disk", "ram", "gpu", "none"])
    .default("disk")
    .describe("decoded pictures: a file in the cache, memory, the GPU, or none (on the fly)"),
  maxSide: z
    .int()
    .positive()
    .optional()
    .describe("shrink larger pictures, when they are decoded, to this longer side"),
};

export type CacheKind = z.output<typeof cacheShape.cache>;

/** @throws SsdError BAD_OPTION for `"gpu"` where the detector is on the CPU */
export function checkCache(cache: CacheKind, device: string): void {
  if (cache !== "gpu" || device !== "cpu") return;
  throw new SsdError(
    "BAD_OPTION",
    'option "cache": expected "disk", "ram" or "none" for a detector on the CPU, got "gpu", which keeps the pictures in the memory of a CUDA device',
  );
}
