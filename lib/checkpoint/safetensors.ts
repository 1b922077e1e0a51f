import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { reason, SsdError } from "../errors.js";
import { type DType, dtypeBytes } from "../native.js";
import { writeAtomically } from "./atomic.js";

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

const toFile: Record<DType, string> = {
  float32: "F32",
  float64: "F64",
  float16: "F16",
  bfloat16: "BF16",
  int64: "I64",
  int32: "I32",
  uint8: "U8",
  bool: "BOOL",
};
const fromFile = new Map(Object.entries(toFile).map(([dtype, name]) => [name, dtype as DType]));

/** Metadata key of the SHA-256 over all tensor bytes; checked on reading where it is there. */
const checksumKey = "sha256";
const maxHeader = 100_000_000;

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
      dtype: toFile[dtype],
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
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (error) {
    throw new SsdError("BAD_CHECKPOINT", `${file}: expected a readable file: ${reason(error)}`);
  }
  return parseSafetensors(bytes, file);
}

/** As {@link readSafetensors}, from memory; `file` is the name for messages. */
export function parseSafetensors(bytes: Buffer, file: string): StoredTensors {
  const fail = (why: string): never => {
    throw new SsdError("BAD_CHECKPOINT", `${file}: ${why}`);
  };
  if (bytes.length < 8) fail(`expected a safetensors file, got ${bytes.length} bytes`);
  const length = Number(bytes.readBigUInt64LE(0));
  if (length > Math.min(maxHeader, bytes.length - 8) || bytes[8] !== 0x7b) {
    fail(
      `expected a safetensors header, got a length of ${length} in ${bytes.length} bytes (cut short?)`,
    );
  }
  const header = parseHeader(bytes.toString("utf8", 8, 8 + length), fail);
  const data = bytes.subarray(8 + length);
  const { __metadata__: metadata = {}, ...entries } = header;
  const tensors = new Map<string, StoredTensor>();
  let end = 0;
  const checked = Object.entries(entries).map(([name, entry]) => checkEntry(name, entry, fail));
  // Empty tensors share an offset with their neighbour and come first.
  checked.sort((a, b) => a.begin - b.begin || a.stop - b.stop);
  for (const { name, dtype, shape, begin, stop } of checked) {
    if (begin !== end) fail(`expected tensor ${name} at byte ${end}, got ${begin}`);
    if (stop > data.length)
      fail(`expected ${stop} bytes for ${name}, got ${data.length} (cut short?)`);
    tensors.set(name, { name, dtype, shape, data: data.subarray(begin, stop) });
    end = stop;
  }
  if (end !== data.length) fail(`expected ${end} bytes of tensors, got ${data.length}`);
  const texts = checkMetadata(metadata, fail);
  if (texts[checksumKey] !== undefined) {
    const sum = createHash("sha256").update(data).digest("hex");
    if (sum !== texts[checksumKey])
      fail(`expected tensor bytes with sha256 ${texts[checksumKey]}, got ${sum} (damaged)`);
  }
  return { metadata: texts, tensors };
}

type Fail = (why: string) => never;

function parseHeader(text: string, fail: Fail): Record<string, unknown> {
  try {
    const header: unknown = JSON.parse(text);
    if (typeof header === "object" && header !== null) return header as Record<string, unknown>;
  } catch (error) {
    return fail(`expected a JSON header: ${reason(error)}`);
  }
  return fail("expected a JSON object as header");
}

function checkMetadata(metadata: unknown, fail: Fail): Record<string, string> {
  const texts = typeof metadata === "object" && metadata !== null ? Object.values(metadata) : [0];
  if (texts.some((text) => typeof text !== "string")) fail("expected metadata of texts");
  return metadata as Record<string, string>;
}

function checkEntry(name: string, entry: unknown, fail: Fail) {
  const { dtype: code, shape, data_offsets } = (entry ?? {}) as Record<string, unknown>;
  const dtype =
    fromFile.get(String(code)) ?? fail(`tensor ${name}: expected a known dtype, got ${code}`);
  const natural = (value: unknown): value is number =>
    Number.isSafeInteger(value) && Number(value) >= 0;
  if (!Array.isArray(shape) || !shape.every(natural))
    return fail(`tensor ${name}: expected a shape of integers`);
  const [begin, stop] = Array.isArray(data_offsets) ? (data_offsets as unknown[]) : [];
  if (!natural(begin) || !natural(stop)) return fail(`tensor ${name}: expected integer offsets`);
  const bytes = shape.reduce((product, side) => product * side, 1) * dtypeBytes[dtype];
  if (stop - begin !== bytes)
    fail(`tensor ${name}: expected ${bytes} bytes for [${shape}] ${code}, got ${stop - begin}`);
  return { name, dtype, shape, begin, stop };
}
