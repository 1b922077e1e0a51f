import type { DType } from "../native-engine.js";
import { type Budget, objectBytes } from "./budget.js";
import { damaged, shown } from "./damage.js";
import { bytesOf, isNatural, isShape } from "./strided.js";

// The header of the safetensors format: JSON that gives each tensor's dtype, shape and place.

/** What the format calls the dtypes. */
export const dtypeCodes: Record<DType, string> = {
  float32: "F32",
  float64: "F64",
  float16: "F16",
  bfloat16: "BF16",
  int64: "I64",
  int32: "I32",
  uint8: "U8",
  bool: "BOOL",
};
const fromCode = new Map(Object.entries(dtypeCodes).map(([dtype, code]) => [code, dtype as DType]));

/** Metadata key of the SHA-256 over all tensor bytes; checked on reading where it is there. */
export const checksumKey = "sha256";
const maxHeader = 100_000_000;

/** A tensor's place, in bytes behind the header. */
export interface Place {
  name: string;
  dtype: DType;
  shape: number[];
  begin: number;
  stop: number;
}

export interface Header {
  metadata: Record<string, string>;
  /** In the order of their bytes, which fill the file without holes. */
  places: Place[];
}

/** Whether a file that begins so is one of safetensors, as far as its first 9 bytes tell. */
export function looksLikeSafetensors(head: Buffer, size: number): boolean {
  return head.length >= 9 && head[8] === 0x7b && lengthOf(head) <= Math.min(maxHeader, size - 8);
}

/**
 * Length of the header, by the first 9 bytes of a file of `size`.
 *
 * @throws SsdError BAD_CHECKPOINT when it has none.
 */
export function headerLength(head: Buffer, size: number, file: string): number {
  if (head.length < 8) throw damaged(file, `expected a safetensors file, got ${size} bytes`);
  const length = lengthOf(head);
  if (looksLikeSafetensors(head, size)) return length;
  throw damaged(
    file,
    `expected a safetensors header, got a length of ${length} in ${size} bytes (cut short?)`,
  );
}

function lengthOf(head: Buffer): number {
  return Number(head.readBigUInt64LE(0));
}

/**
 * Reads a header and checks it: known dtypes, extents, offsets without holes; `dataBytes` are behind
 * it.
 *
 * @throws SsdError BAD_CHECKPOINT naming the file.
 */
export function parseHeader(text: Buffer, dataBytes: number, file: string, budget: Budget): Header {
  const bad = (why: string) => damaged(file, why);
  budget.take(objectBytes * structureOf(text) + 2 * text.length, "its header");
  const { __metadata__: metadata = {}, ...entries } = parseJson(text.toString("utf8"), bad);
  const places = Object.entries(entries).map(([name, entry]) => checkEntry(name, entry, bad));
  // Empty tensors share an offset with their neighbour and come first.
  places.sort((a, b) => a.begin - b.begin || a.stop - b.stop);
  let end = 0;
  for (const { name, begin, stop } of places) {
    if (begin !== end) throw bad(`expected tensor ${shown(name)} at byte ${end}, got ${begin}`);
    if (stop > dataBytes)
      throw bad(`expected ${stop} bytes for ${shown(name)}, got ${dataBytes} (cut short?)`);
    end = stop;
  }
  if (end !== dataBytes) throw bad(`expected ${end} bytes of tensors, got ${dataBytes}`);
  return { metadata: checkMetadata(metadata, bad), places };
}

/** @throws SsdError BAD_CHECKPOINT when the metadata tell another checksum than `sum`. */
export function compareChecksum(metadata: Header["metadata"], sum: string, file: string): void {
  const expected = metadata[checksumKey];
  if (sum !== expected)
    throw damaged(
      file,
      `expected tensor bytes with sha256 ${shown(expected)}, got ${sum} (damaged)`,
    );
}

/** Values in a JSON text, at most: what JavaScript makes of a few characters can be large. */
function structureOf(text: Buffer): number {
  let count = 0;
  for (const byte of text) if (byte === 0x2c || byte === 0x5b || byte === 0x7b) count++; // , [ {
  return count;
}

type Bad = (why: string) => Error;

function parseJson(text: string, bad: Bad): Record<string, unknown> {
  let header: unknown;
  try {
    header = JSON.parse(text);
  } catch (error) {
    throw bad(`expected a JSON header: ${(error as Error).message}`);
  }
  if (typeof header === "object" && header !== null) return header as Record<string, unknown>;
  throw bad("expected a JSON object as header");
}

function checkMetadata(metadata: unknown, bad: Bad): Record<string, string> {
  const isObject = typeof metadata === "object" && metadata !== null && !Array.isArray(metadata);
  const texts = isObject ? Object.values(metadata) : [0];
  if (texts.some((text) => typeof text !== "string")) throw bad("expected metadata of texts");
  return metadata as Record<string, string>;
}

function checkEntry(name: string, entry: unknown, bad: Bad): Place {
  const { dtype: code, shape, data_offsets } = (entry ?? {}) as Record<string, unknown>;
  const dtype = typeof code === "string" ? fromCode.get(code) : undefined;
  const tensor = `tensor ${shown(name)}`;
  if (dtype === undefined) throw bad(`${tensor}: expected a known dtype, got ${shown(code)}`);
  if (!isShape(shape)) throw bad(`${tensor}: expected a shape of integers, got ${shown(shape)}`);
  const [begin, stop] = Array.isArray(data_offsets) ? (data_offsets as unknown[]) : [];
  if (!isNatural(begin) || !isNatural(stop)) throw bad(`${tensor}: expected integer offsets`);
  const bytes = bytesOf({ dtype, shape });
  if (stop - begin !== bytes)
    throw bad(`${tensor}: expected ${bytes} bytes for [${shape}] ${code}, got ${stop - begin}`);
  return { name, dtype, shape, begin, stop };
}
