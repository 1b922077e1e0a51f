import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import type { Decoded } from "./picture.js";
import { makeWhole } from "./whole.js";

// The file of a pack: a header of 4096 bytes (magic, then as u64 little-endian the offset and the
// length of the index, then the sha256 of the index), pictures as u8 RGB rows at multiples of 64
// bytes, and the index as JSON.

/** Changes with the format and with how pictures are decoded. */
export const packVersion = 1;
const magic = "SSDPACK1";
const headerBytes = 4096;
const alignment = 64;

/** Where the pictures of a pack are. */
export interface PackTable {
  /** Byte offset of each picture. */
  offsets: number[];
  /** Width and height of each picture in pixels, interleaved. */
  sizes: number[];
}

/**
 * Writes a pack, flushed to the disk; it is whole or not there.
 *
 * @throws whatever `pictures` throws, and what the file system does
 */
export async function writePackFile(
  path: string,
  pictures: AsyncIterable<Decoded>,
): Promise<PackTable> {
  return await makeWhole(path, async (temporary) => {
    const handle = await open(temporary, "wx");
    try {
      const table = await writeAll(handle, pictures);
      await handle.sync();
      return table;
    } finally {
      await handle.close();
    }
  });
}

async function writeAll(handle: FileHandle, pictures: AsyncIterable<Decoded>): Promise<PackTable> {
  const table: PackTable = { offsets: [], sizes: [] };
  let end = 0;
  // writeFile on a handle goes on where the last one stopped, and never stops half-way.
  const append = async (bytes: Uint8Array) => {
    await handle.writeFile(bytes);
    end += bytes.length;
  };
  await append(new Uint8Array(headerBytes));
  for await (const { data, width, height } of pictures) {
    table.offsets.push(end);
    table.sizes.push(width, height);
    await append(data);
    await append(new Uint8Array(-end & (alignment - 1)));
  }
  const index = Buffer.from(JSON.stringify({ version: packVersion, ...table }));
  const offset = end;
  await append(index);
  // The header last: without it the file is none, whatever else was written.
  const header = Buffer.alloc(headerBytes);
  header.write(magic, 0, "latin1");
  header.writeBigUInt64LE(BigInt(offset), 8);
  header.writeBigUInt64LE(BigInt(index.length), 16);
  createHash("sha256").update(index).digest().copy(header, 24);
  await handle.write(header, 0, headerBytes, 0);
  return table;
}

/**
 * The table of a pack that was written before, or undefined when there is none, or none that is
 * whole and holds `count` pictures. The pixels are not read.
 */
export async function readPackFile(path: string, count: number): Promise<PackTable | undefined> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, "r");
    return await readTable(handle, count);
  } catch {
    // Not there, not readable, or no JSON: it will be written again.
    return undefined;
  } finally {
    await handle?.close();
  }
}

async function readTable(handle: FileHandle, count: number): Promise<PackTable | undefined> {
  const header = await readAt(handle, 0, headerBytes);
  if (header.toString("latin1", 0, 8) !== magic) return undefined;
  const offset = Number(header.readBigUInt64LE(8));
  const length = Number(header.readBigUInt64LE(16));
  const { size } = await handle.stat();
  if (offset < headerBytes || offset + length !== size) return undefined;
  const index = await readAt(handle, offset, length);
  const digest = createHash("sha256").update(index).digest();
  if (!digest.equals(header.subarray(24, 56))) return undefined;
  const table = JSON.parse(index.toString()) as PackTable & { version: number };
  return table.version === packVersion && table.offsets.length === count ? table : undefined;
}

async function readAt(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const { bytesRead, buffer } = await handle.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}
