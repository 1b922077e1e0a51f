import type { FileHandle } from "node:fs/promises";
import { resolve } from "node:path";
import { crc32 } from "node:zlib";
import { cancelled } from "../errors.js";
import type { Dataset, Item } from "./dataset.js";
import { fittedTo } from "./fitted.js";
import type { PackEvent } from "./pack-events.js";
import { packVersion, readAt } from "./pack-format.js";
import {
  type PackedPicture,
  type PackedPictures,
  type Source,
  sourceHash,
  truthsSection,
  withFile,
  writeSections,
} from "./pack-index.js";
import { type Layout, layoutOf, type PartialPack } from "./pack-partial.js";
import { freeSpace, inBytes, NoSpaceError } from "./pack-space.js";
import { inOrder } from "./parallel.js";
import { decodeItem, eachPicture, type Measured, pixelBytes } from "./pixels.js";
import type { Room } from "./room.js";

/** What a pack is made of. */
export interface PackWork {
  dataset: Dataset;
  dir: string;
  decoding: string;
  sources: readonly Source[];
  sizes: readonly Measured[];
  /** Pictures of an older pack whose pixels may be copied. */
  old: { path: string; pictures: readonly (PackedPicture | undefined)[] } | undefined;
  onEvent: (event: PackEvent) => void;
  signal: AbortSignal | undefined;
}

/** Pictures by where their pixels came from. */
export interface PackCounts {
  decoded: number;
  reused: number;
}

/**
 * Makes a pack in its partial file, going on where that stands.
 *
 * @throws NoSpaceError before anything is decoded; SsdError BAD_DATA naming a picture, CANCELLED
 */
export async function buildPack(partial: PartialPack, work: PackWork): Promise<PackCounts> {
  const { dataset, sources, sizes, decoding } = work;
  const layout = layoutOf(sizes);
  await checkSpace(partial, layout, work);
  const there = (await partial.prepare(layout))
    ? await verified(partial, layout, work)
    : sources.map(() => undefined);
  const counts = { decoded: 0, reused: there.filter((crc) => crc !== undefined).length };
  const crcs = await writeMissing(partial, layout, work, there, counts);
  const pictures = dataset.items.map((item, i) => {
    const place = { offset: layout.offsets[i]!, crc: crcs[i]! };
    return { path: resolve(item.image), ...sources[i]!, ...sizes[i]!, ...place };
  });
  const packed: PackedPictures = {
    version: packVersion,
    decoding,
    sources: sourceHash(pictures),
    pictures,
  };
  const truths = truthsSection(fittedTo(dataset, sizes));
  await writeSections(partial.handle, layout.end, packed, truths);
  return counts;
}

async function checkSpace(partial: PartialPack, layout: Layout, work: PackWork): Promise<void> {
  const { dir, onEvent, sizes } = work;
  const pictures = sizes.length;
  const free = await freeSpace(dir);
  onEvent({ kind: "space", pictures, bytes: layout.end, free });
  const needed = layout.end - (await partial.taken());
  if (needed <= free) return;
  const message = `expected ${inBytes(needed)} of free disk for ${pictures} decoded pictures, got ${inBytes(free)}`;
  throw new NoSpaceError(dir, message);
}

/** Checksums of the finished pictures of a partial file whose pixels are what was recorded. */
async function verified(
  partial: PartialPack,
  layout: Layout,
  { sources, sizes, onEvent, signal }: PackWork,
): Promise<(number | undefined)[]> {
  const crcs = await partial.records(layout, sources);
  const recorded = [...crcs.keys()].filter((i) => crcs[i] !== undefined);
  const at = recorded.map((i) => ({ offset: layout.offsets[i]!, bytes: pixelBytes(sizes[i]!) }));
  let done = 0;
  for await (const crc of checksums(partial.handle, at, signal)) {
    const i = recorded[done]!;
    if (crc !== crcs[i]) crcs[i] = undefined;
    onEvent({ kind: "verify", done: ++done, total: recorded.length });
  }
  return crcs;
}

/** Pictures read at the same time when all that is done is to look at them. */
const readsInFlight = 4;

/** CRC-32 of parts of a file, in order; the parts are read ahead, never the whole. */
export async function* checksums(
  handle: FileHandle,
  parts: readonly { offset: number; bytes: number }[],
  signal: AbortSignal | undefined,
): AsyncGenerator<number> {
  const look = async ({ offset, bytes }: { offset: number; bytes: number }) => {
    if (signal?.aborted) throw cancelled(signal.reason, "stopped while a pack was verified");
    return crc32(await readAt(handle, offset, bytes));
  };
  yield* inOrder(parts, readsInFlight, look);
}

/** Writes every picture that is not there yet. @returns The checksums of all. */
async function writeMissing(
  partial: PartialPack,
  layout: Layout,
  work: PackWork,
  there: readonly (number | undefined)[],
  counts: PackCounts,
): Promise<number[]> {
  const { dataset, sources, onEvent, signal } = work;
  const total = there.length;
  const crcs = [...there] as number[];
  const missing = [...there.keys()].filter((i) => there[i] === undefined);
  let done = total - missing.length;
  const copy = async (old: FileHandle | undefined) => {
    const write = async (i: number, room: Room) => {
      if (signal?.aborted) {
        throw cancelled(signal.reason, `packing stopped after ${done} of ${total} pictures`);
      }
      const { pixels, crc } = await pixelsOf(dataset.items[i]!, i, old, work, counts, room);
      crcs[i] = crc;
      await partial.put(layout, i, pixels, crc, sources[i]!);
      onEvent({ kind: "pack", done: ++done, total });
    };
    await eachPicture(missing, write);
  };
  await (work.old === undefined ? copy(undefined) : withFile(work.old.path, "r", copy));
  return crcs;
}

/** A picture's pixels from the older pack, where they are sound, else decoded. */
async function pixelsOf(
  item: Item,
  i: number,
  old: FileHandle | undefined,
  work: PackWork,
  counts: PackCounts,
  room: Room,
): Promise<{ pixels: Uint8Array; crc: number }> {
  const size = work.sizes[i]!;
  const known = work.old?.pictures[i];
  if (old !== undefined && known !== undefined) {
    const pixels = await readAt(old, known.offset, pixelBytes(size));
    if (pixels.length === pixelBytes(size) && crc32(pixels) === known.crc) {
      counts.reused++;
      return { pixels, crc: known.crc };
    }
  }
  const pixels = await decodeItem(item, size, work.dataset, room);
  counts.decoded++;
  return { pixels, crc: crc32(pixels) };
}
