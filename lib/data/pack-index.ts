import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import type { Dataset, Item } from "./dataset.js";
import {
  digestOf,
  type PackHeader,
  packVersion,
  readHeaderOf,
  readSection,
  writeHeader,
  writeSection,
} from "./pack-format.js";
import type { Measured } from "./pixels.js";
import { flush } from "./whole.js";

// The two sections of a pack: its pictures, which stay as they are for the life of the file, and the
// truths, which follow the annotations.

/** A source as it was when it was decoded. */
export interface Source {
  /** Bytes of the file. */
  bytes: number;
  /** Time of its last change. */
  mtimeMs: number;
}

/** A picture of a pack. */
export interface PackedPicture extends Source, Measured {
  /** The file it was decoded from. */
  path: string;
  /** Where its pixels begin. */
  offset: number;
  /** CRC-32 of its pixels. */
  crc: number;
}

/** The section of the pictures. */
export interface PackedPictures {
  version: number;
  /** How they were decoded. */
  decoding: string;
  /** Digest of the sources, {@link sourceHash}. */
  sources: string;
  pictures: PackedPicture[];
}

/** A pack that is there. */
export interface PackFile extends PackedPictures {
  path: string;
  header: PackHeader;
  /** Bytes of the file. */
  bytes: number;
}

/** SHA-256 of paths, bytes and times of change, in order. */
export function sourceHash(pictures: readonly (Source & { path: string })[]): string {
  const hash = createHash("sha256");
  for (const { path, bytes, mtimeMs } of pictures) {
    hash.update(`${JSON.stringify([path, bytes, mtimeMs])}\n`);
  }
  return hash.digest("hex");
}

export function sameSource(a: Source, b: Source): boolean {
  return a.bytes === b.bytes && a.mtimeMs === b.mtimeMs;
}

/** Runs `work` on an open file. */
export async function withFile<T>(
  path: string,
  flags: string,
  work: (handle: FileHandle) => Promise<T>,
): Promise<T> {
  const handle = await open(path, flags);
  try {
    return await work(handle);
  } finally {
    await handle.close();
  }
}

/**
 * A pack that was written before, or undefined when there is none of this version, or none that is
 * whole. The pixels are not read.
 */
export async function readPackFile(path: string): Promise<PackFile | undefined> {
  try {
    return await withFile(path, "r", async (handle) => {
      const header = await readHeaderOf(handle);
      const section = header && (await readSection(handle, header.pictures));
      if (section === undefined) return undefined;
      const packed = JSON.parse(section.toString()) as PackedPictures;
      if (packed.version !== packVersion) return undefined;
      return { ...packed, path, header: header!, bytes: (await handle.stat()).size };
    });
  } catch {
    // Not there, not readable, or no JSON: it will be written again.
    return undefined;
  }
}

/** The section of the truths of a data set. */
export function truthsSection({ classes, items }: Dataset): Buffer {
  const pictures = items.map(({ id, annotation, truths }: Item) => ({
    id,
    annotation,
    boxes: truths.map(({ box }) => box),
    labels: truths.map(({ label }) => label),
    difficult: truths.map(({ difficult }) => (difficult ? 1 : 0)),
    crowd: truths.map(({ crowd }) => (crowd ? 1 : 0)),
    area: truths.map(({ area }) => area ?? null),
  }));
  return Buffer.from(JSON.stringify({ classes, pictures }));
}

/** Writes both sections behind the pixels, then the header. */
export async function writeSections(
  handle: FileHandle,
  offset: number,
  pictures: PackedPictures,
  truths: Buffer,
): Promise<void> {
  const first = await writeSection(handle, offset, Buffer.from(JSON.stringify(pictures)));
  const second = await writeSection(handle, first.offset + first.length, truths);
  await writeHeader(handle, { pictures: first, truths: second });
}

/**
 * Brings the truths of a pack up to date: the new section is on the disk before the header names it,
 * so whoever reads meanwhile, or after a crash, finds the old one or the new one. Pixels and pictures
 * are not touched. A file that may only be read is left as it is: the engine gets its truths from the
 * data set.
 */
export async function refreshTruths({ path, header }: PackFile, dataset: Dataset): Promise<void> {
  const truths = truthsSection(dataset);
  if (digestOf(truths).equals(header.truths.sha256)) return;
  try {
    await withFile(path, "r+", (handle) => replaceTruths(handle, header, truths));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "EACCES" && code !== "EROFS" && code !== "EPERM") throw error;
  }
}

async function replaceTruths(handle: FileHandle, header: PackHeader, bytes: Buffer): Promise<void> {
  const start = header.pictures.offset + header.pictures.length;
  const { offset, length } = header.truths;
  // In front of the old ones where they fit, else behind: never over them.
  const at = start + bytes.length <= offset ? start : offset + length;
  const truths = await writeSection(handle, at, bytes);
  await flush(handle);
  await writeHeader(handle, { ...header, truths });
  await flush(handle);
}
