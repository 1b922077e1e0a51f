import { createHash } from "node:crypto";
import type { DType } from "../native-engine.js";
import { writeAtomically } from "./atomic.js";
import { Budget } from "./budget.js";
import { fileExtent, tensorEntry } from "./entry.js";
import {
  checksumKey,
  compareChecksum,
  dtypeCodes,
  headerLength,
  parseHeader,
} from "./safetensors-header.js";
import { Source } from "./source.js";
import { denseStrides } from "./strided.js";
import type { WeightEntry } from "./weights.js";

// The safetensors format: u64 little-endian header length, JSON header, tensor bytes.

/** A named tensor as a file holds it: row-major bytes. */
export interface StoredTensor {
  name: string;
  dtype: DType;
  shape: number[];
  data: Uint8Array;
}

/** A safetensors file in memory. */
export interface StoredTensors {
  metadata: Record<string, string>;
  tensors: Map<string, StoredTensor>;
}

/**
 * Writes a safetensors file atomically: temporary file, fsync, rename. The bytes' SHA-256 goes into
 * the metadata.
 *
 * @throws SsdError BAD_CHECKPOINT when the file cannot be written; what was there stays.
 */
export async function writeSafetensors(
  file: string,
  tensors: readonly StoredTensor[],
  metadata: Record<string, string>,
): Promise<void> {
  const hash = createHash("sha256");
  // No prototype: a tensor may have any name.
  const header: Record<string, unknown> = Object.create(null);
  let offset = 0;
  for (const { name, dtype, shape, data } of tensors) {
    hash.update(data);
    header[name] = {
      dtype: dtypeCodes[dtype],
      shape,
      data_offsets: [offset, offset + data.byteLength],
    };
    offset += data.byteLength;
  }
  header.__metadata__ = { ...metadata, [checksumKey]: hash.digest("hex") };
  const json = JSON.stringify(header);
  const text = Buffer.from(json.padEnd(json.length + ((8 - (Buffer.byteLength(json) % 8)) % 8)));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  await writeAtomically(file, [length, text, ...tensors.map(({ data }) => data)], "BAD_CHECKPOINT");
}

/**
 * Reads a safetensors file and checks it: header, extents, offsets without holes, checksum if any.
 *
 * @throws SsdError BAD_CHECKPOINT naming the file.
 */
export async function readSafetensors(file: string): Promise<StoredTensors> {
  const source = await Source.open(file);
  try {
    return parseSafetensors(await source.read(0, source.size), file);
  } finally {
    await source.close();
  }
}

/** As {@link readSafetensors}, from memory; `file` is the name for messages. */
export function parseSafetensors(bytes: Buffer, file: string): StoredTensors {
  const start = 8 + headerLength(bytes, bytes.length, file);
  const data = bytes.subarray(start);
  const budget = new Budget(file, bytes.length);
  budget.take(bytes.length, "its bytes");
  const { metadata, places } = parseHeader(bytes.subarray(8, start), data.length, file, budget);
  if (metadata[checksumKey] !== undefined)
    compareChecksum(metadata, createHash("sha256").update(data).digest("hex"), file);
  const tensors = places.map(({ name, dtype, shape, begin, stop }): [string, StoredTensor] => [
    name,
    { name, dtype, shape, data: data.subarray(begin, stop) },
  ]);
  return { metadata, tensors: new Map(tensors) };
}

/** The tensors of a safetensors file to be read one by one; the first reading compares checksums. */
export async function openSafetensors(
  source: Source,
): Promise<{ metadata: Record<string, string>; tensors: Map<string, WeightEntry> }> {
  const head = await source.read(0, Math.min(9, source.size));
  const length = headerLength(head, source.size, source.file);
  const start = 8 + length;
  const text = await source.read(8, length);
  source.budget.take(length, "its header");
  const { metadata, places } = parseHeader(text, source.size - start, source.file, source.budget);
  let checked: Promise<void> | undefined;
  const check = async () => {
    if (metadata[checksumKey] === undefined) return;
    const hash = createHash("sha256");
    for await (const chunk of source.chunks(start, source.size)) hash.update(chunk);
    compareChecksum(metadata, hash.digest("hex"), source.file);
  };
  const tensors = new Map<string, WeightEntry>();
  for (const { name, dtype, shape, begin, stop } of places) {
    const view = { dtype, shape, strides: denseStrides(shape), offset: 0 };
    const bytes = fileExtent(source, start + begin, stop - begin);
    const { read, ...rest } = tensorEntry(source, name, view, bytes);
    const sound = async () => {
      checked ??= check();
      await checked;
      return read();
    };
    tensors.set(name, { ...rest, read: sound });
  }
  return { metadata, tensors };
}
