import { join } from "node:path";
import {
  type AugmentSpec,
  engine,
  type Fit,
  type FrameSpec,
  type NativeLoader,
  type NativePack,
} from "../native.js";
import type { Preset } from "../presets.js";
import { cacheDir } from "./cache.js";
import type { Dataset } from "./dataset.js";
import { type Pack, packDataset } from "./pack.js";

/** Decoded pictures of a data set, mapped into memory and ready for loaders. */
export interface OpenPack {
  pack: Pack;
  native: NativePack;
  /** Pictures. */
  length: number;
}

/** Decodes a data set into the cache, or finds it there, and maps it. */
export async function openPack(
  dataset: Dataset,
  onProgress?: (done: number, total: number) => void,
): Promise<OpenPack> {
  const pack = await packDataset(dataset, { dir: join(cacheDir(), "packs"), onProgress });
  const native = new (engine().Pack)(pack.index({ ignored: false }));
  return { pack, native, length: native.length };
}

/** How a loader makes batches. */
export interface LoaderOptions {
  batch: number;
  seed: number;
  workers: number;
  /** Null shows the whole picture. */
  augment: AugmentSpec | null;
  /** How whole pictures are brought to the square, stretched by default. */
  fit?: Fit;
  /** That makes the pictures and gets them, the CPU by default. */
  device?: string;
  /** Of the pictures, float32 by default. */
  dtype?: FrameSpec["dtype"];
}

/** A loader for the input of a preset. */
export function openLoader(
  { native }: OpenPack,
  { size, mean, std }: Preset,
  { workers, fit = "stretch", device = "cpu", ...options }: LoaderOptions,
): NativeLoader {
  return new (engine().Loader)(native, {
    size,
    mean,
    std,
    threads: workers,
    fit,
    device,
    ...options,
  });
}
