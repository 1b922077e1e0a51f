import { join } from "node:path";
import { cancelled, SsdError } from "../errors.js";
import { engine } from "../native.js";
import type { AugmentSpec, Fit, FrameSpec, NativeLoader } from "../native-loader.js";
import type { NativePictures } from "../native-pictures.js";
import type { Preset } from "../presets.js";
import { cacheDir } from "./cache.js";
import { type CacheKind, checkCache } from "./cache-options.js";
import type { Dataset } from "./dataset.js";
import { serveFeed } from "./feed.js";
import { fittedTo, pictureList } from "./fitted.js";
import { packDataset } from "./pack.js";
import type { PackEvent } from "./pack-events.js";
import { freeMemory, inBytes, NoSpaceError } from "./pack-space.js";
import { decodeItem, eachPicture, measure, pixelBytes } from "./pixels.js";
import type { Room } from "./room.js";

/** Decoded pictures of a data set, ready for loaders, whoever holds them. */
export interface OpenPictures {
  /**
   * The data set with every size as it is decoded (before it is shrunk), and the truths clipped to it.
   * What that takes away stands in `problems`.
   */
  dataset: Dataset;
  native: NativePictures;
  /** Pictures. */
  length: number;
  /** Loaders keep them in the memory of the GPU. */
  resident: boolean;
}

/** Where pictures are kept, and who is told. */
export interface OpenOptions {
  /** By default `"disk"`: packed into the cache, or found there. */
  cache?: CacheKind;
  /** Pictures whose longer side has more pixels are shrunk to it. */
  maxSide?: number;
  /** Where the detector is that will look at them. By default `"cpu"`. */
  device?: string;
  onEvent?: (event: PackEvent) => void;
  signal?: AbortSignal;
}

/** A holder's data set, and what opens a part of its pictures. */
interface Holder {
  dataset: Dataset;
  resident: boolean;
  open(part: readonly number[]): Promise<NativePictures>;
}

/**
 * Makes the pictures of a data set ready: decodes them into the cache, or finds them there, and maps
 * them; or decodes them into memory; or gets ready to decode them on the fly, which is also what
 * happens when the disk is short.
 *
 * @throws SsdError BAD_OPTION for `cache: "gpu"` on the CPU, BAD_DATA naming a picture, OUT_OF_MEMORY,
 *   CANCELLED
 */
export async function openPictures(
  dataset: Dataset,
  options: OpenOptions = {},
): Promise<OpenPictures> {
  const [all] = await openParts(dataset, [[...dataset.items.keys()]], options);
  return all!;
}

/** As {@link openPictures}, for parts of a data set that is decoded once: indices into its items. */
export async function openParts(
  dataset: Dataset,
  parts: readonly (readonly number[])[],
  options: OpenOptions = {},
): Promise<OpenPictures[]> {
  const { cache = "disk", device = "cpu" } = options;
  checkCache(cache, device);
  const holder = await holders[cache](dataset, options);
  const opened: OpenPictures[] = [];
  try {
    for (const part of parts) {
      const items = part.map((i) => holder.dataset.items[i]!);
      const native = await holder.open(part);
      const { dataset: whole, resident } = holder;
      opened.push({ dataset: { ...whole, items }, native, length: native.length, resident });
    }
  } catch (error) {
    for (const { native } of opened) native.dispose();
    throw error;
  }
  return opened;
}

const holders: Record<CacheKind, (dataset: Dataset, options: OpenOptions) => Promise<Holder>> = {
  disk: onDisk,
  gpu: onDisk,
  ram: inMemory,
  none: onTheFly,
};

async function onDisk(dataset: Dataset, options: OpenOptions): Promise<Holder> {
  const { maxSide, onEvent, signal } = options;
  try {
    const dir = join(cacheDir(), "packs");
    const pack = await packDataset(dataset, { dir, maxSide, onEvent, signal });
    const open = async (part: readonly number[]) =>
      new (engine().Pack)(pack.index({ ignored: false, part }));
    return { dataset: pack.dataset, resident: options.cache === "gpu", open };
  } catch (error) {
    if (!(error instanceof NoSpaceError)) throw error;
    onEvent?.({ kind: "feed", reason: error.message });
    return await onTheFly(dataset, options);
  }
}

async function inMemory(dataset: Dataset, options: OpenOptions): Promise<Holder> {
  const { maxSide, onEvent, signal } = options;
  const sizes = await measure(dataset, maxSide);
  const bytes = sizes.reduce((sum, size) => sum + pixelBytes(size), 0);
  const [pictures, free] = [sizes.length, freeMemory()];
  onEvent?.({ kind: "space", pictures, bytes, free });
  if (bytes > free) {
    throw new SsdError(
      "OUT_OF_MEMORY",
      `option "cache": expected ${inBytes(bytes)} of free memory for ${pictures} decoded pictures, got ${inBytes(free)}; "disk" keeps them in a file, "maxSide" shrinks them`,
    );
  }
  const fitted = fittedTo(dataset, sizes);
  let done = 0;
  const open = async (part: readonly number[]) => {
    const memory = new (engine().MemoryPack)(pictureList(fitted, sizes, part, { ignored: false }));
    const put = async (index: number, room: Room) => {
      if (signal?.aborted) {
        throw cancelled(signal.reason, `decoding stopped after ${done} of ${pictures} pictures`);
      }
      const i = part[index]!;
      memory.put(index, await decodeItem(dataset.items[i]!, sizes[i]!, dataset, room));
      done++;
      onEvent?.({ kind: "pack", done, total: pictures });
    };
    try {
      await eachPicture([...part.keys()], put);
    } catch (error) {
      memory.dispose();
      throw error;
    }
    return memory;
  };
  return { dataset: fitted, resident: false, open };
}

async function onTheFly(dataset: Dataset, { maxSide }: OpenOptions): Promise<Holder> {
  const sizes = await measure(dataset, maxSide);
  const fitted = fittedTo(dataset, sizes);
  const open = async (part: readonly number[]) => {
    const feed = new (engine().Feed)(pictureList(fitted, sizes, part, { ignored: false }));
    void serveFeed(feed, dataset, sizes, part);
    return feed;
  };
  return { dataset: fitted, resident: false, open };
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
  { native, resident }: OpenPictures,
  { size, mean, std }: Preset,
  { workers, fit = "stretch", device = "cpu", ...options }: LoaderOptions,
): NativeLoader {
  const frame = { size, mean, std, threads: workers, fit, device, resident };
  return new (engine().Loader)(native, { ...frame, ...options });
}
