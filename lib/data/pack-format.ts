import { createHash } from "node:crypto";
import type { FileHandle } from "node:fs/promises";

// The file of a pack, version 2:
//
//   0      header: magic, then where two sections are (offset and length as u64 little-endian, sha256)
//   4096   u8 RGB rows of the pictures, each at a multiple of 4096 bytes
//          a record a picture that was finished (pack-partial.ts)
//          the section of the pictures, JSON: sources, sizes, places, checksums
//          the section of the truths, JSON: classes, boxes, labels, flags
//
// The truths are a section of their own, so that new annotations never touch what the pixels need.

/** Changes with the format and with how pictures are decoded. */
export const packVersion = 2;
/** Pictures begin at its multiples, as memory pages do. */
export const pageBytes = 4096;
const magic = "SSDPACK2";
const sectionBytes = 48;

/** A part of the file that is known by its digest. */
export interface Section {
  offset: number;
  length: number;
  sha256: Buffer;
}

export interface PackHeader {
  pictures: Section;
  truths: Section;
}

export function nextPage(offset: number): number {
  return Math.ceil(offset / pageBytes) * pageBytes;
}

export function digestOf(bytes: Uint8Array): Buffer {
  return createHash("sha256").update(bytes).digest();
}

export async function writeHeader(handle: FileHandle, header: PackHeader): Promise<void> {
  const bytes = Buffer.alloc(pageBytes);
  bytes.write(magic, 0, "latin1");
  [header.pictures, header.truths].forEach(({ offset, length, sha256 }, i) => {
    const at = 8 + i * sectionBytes;
    bytes.writeBigUInt64LE(BigInt(offset), at);
    bytes.writeBigUInt64LE(BigInt(length), at + 8);
    sha256.copy(bytes, at + 16);
  });
  await writeAt(handle, bytes, 0);
}

/** The header of a pack; undefined when the file is none. */
export async function readHeaderOf(handle: FileHandle): Promise<PackHeader | undefined> {
  const bytes = await readAt(handle, 0, pageBytes);
  if (bytes.length < pageBytes || bytes.toString("latin1", 0, 8) !== magic) return undefined;
  const [pictures, truths] = [0, 1].map((i) => {
    const at = 8 + i * sectionBytes;
    const [offset, length] = [bytes.readBigUInt64LE(at), bytes.readBigUInt64LE(at + 8)].map(Number);
    const sha256 = Buffer.from(bytes.subarray(at + 16, at + sectionBytes));
    return { offset: offset!, length: length!, sha256 };
  });
  return { pictures: pictures!, truths: truths! };
}

/** Writes a section. */
export async function writeSection(
  handle: FileHandle,
  offset: number,
  bytes: Uint8Array,
): Promise<Section> {
  await writeAt(handle, bytes, offset);
  return { offset, length: bytes.length, sha256: digestOf(bytes) };
}

/** A section's bytes; undefined when they are not what was written. */
export async function readSection(
  handle: FileHandle,
  { offset, length, sha256 }: Section,
): Promise<Buffer | undefined> {
  const { size } = await handle.stat();
  if (offset < pageBytes || offset + length > size) return undefined;
  const bytes = await readAt(handle, offset, length);
  return digestOf(bytes).equals(sha256) ? bytes : undefined;
}

/** Reads up to `length` bytes; fewer where the file ends. */
export async function readAt(
  handle: FileHandle,
  position: number,
  length: number,
  into = Buffer.allocUnsafe(length),
): Promise<Buffer> {
  let done = 0;
  while (done < length) {
    const { bytesRead } = await handle.read(into, done, length - done, position + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return into.subarray(0, done);
}

/** Writes all bytes; a single write may stop half-way. */
export async function writeAt(
  handle: FileHandle,
  bytes: Uint8Array,
  position: number,
): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}
