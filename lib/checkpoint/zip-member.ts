import { promisify } from "node:util";
import { constants, crc32, createInflateRaw, inflateRaw } from "node:zlib";
import type { Entry, ZipFile } from "yauzl";
import { shown } from "./damage.js";
import type { Extent } from "./entry.js";
import type { Source } from "./source.js";

const inflate = promisify(inflateRaw);

/** What every sentence about a broken archive begins with. */
export const sound = "expected a sound ZIP archive";

/** Bytes of the fixed part of a member's header (PKWARE APPNOTE, 4.3). */
const localBytes = 30;
/** A size that stands elsewhere, in a zip64 field. */
const elsewhere = 0xffffffff;
/** No deflated byte stands for more (zlib, "maximum compression factor"). */
const maxRatio = 1032;

/** A file within an archive; all that is read of it is held to its checksum. */
export class Member implements Extent {
  readonly name: string;
  /** Bytes, inflated. */
  readonly size: number;
  readonly deflated: boolean;
  readonly #source: Source;
  readonly #zip: ZipFile;
  readonly #entry: Entry;
  #position: number | undefined;
  #checked = false;

  constructor(source: Source, zip: ZipFile, entry: Entry) {
    const { fileName, uncompressedSize, compressedSize, compressionMethod } = entry;
    this.name = fileName;
    this.size = uncompressedSize;
    this.deflated = compressionMethod === 8;
    this.#source = source;
    this.#zip = zip;
    this.#entry = entry;
    if (entry.isEncrypted()) throw this.#bad("one that is not encrypted");
    if (!entry.canDecodeFileData()) throw this.#bad("one that is stored or deflated");
    if (uncompressedSize > maxRatio * compressedSize)
      throw this.#bad(`${uncompressedSize} bytes of ${compressedSize}, more than deflate can make`);
  }

  get start(): number {
    return this.#entry.relativeOffsetOfLocalHeader;
  }

  /** Where it ends at the earliest. */
  get least(): number {
    return this.start + localBytes + this.#entry.fileNameLength + this.#entry.compressedSize;
  }

  #bad(expected: string) {
    return this.#source.bad(`member ${shown(this.name)}: expected ${expected}`);
  }

  async read(begin: number, end: number): Promise<Uint8Array> {
    if (this.deflated) return (await this.#inflate()).subarray(begin, end);
    const position = await this.#locate();
    if (!this.#checked && this.#readsWhole(begin, end)) {
      const whole = await this.#source.read(position, this.size);
      this.#check(crc32(whole));
      return whole.subarray(begin, end);
    }
    if (!this.#checked) {
      let sum = 0;
      for await (const chunk of this.#source.chunks(position, position + this.size))
        sum = crc32(chunk, sum);
      this.#check(sum);
    }
    return this.#source.read(position + begin, end - begin);
  }

  cost(begin: number, end: number): number {
    if (this.deflated) return this.size + this.#entry.compressedSize;
    return this.#readsWhole(begin, end) ? this.size : end - begin;
  }

  /** Its first bytes, up to `length`, which are not held to the checksum. */
  async peek(length: number): Promise<Buffer> {
    const position = await this.#locate();
    if (!this.deflated) return this.#source.read(position, Math.min(length, this.size));
    const { compressedSize } = this.#entry;
    // Deflating makes nothing longer by more than this.
    const input = await this.#source.read(position, Math.min(compressedSize, length + 64));
    const flush = constants.Z_SYNC_FLUSH; // the input is a beginning alone
    const stream = createInflateRaw({ chunkSize: Math.max(64, length), finishFlush: flush });
    stream.end(input);
    const pieces: Buffer[] = [];
    let got = 0;
    try {
      // Leaving the loop ends the stream.
      for await (const piece of stream as AsyncIterable<Buffer>) {
        pieces.push(piece);
        got += piece.length;
        if (got >= length) break;
      }
    } catch (error) {
      throw this.#source.because(`${sound}: member ${shown(this.name)}`, error);
    }
    return Buffer.concat(pieces).subarray(0, length);
  }

  /** Reading it in two steps, checksum and bytes, is worth it for small parts only. */
  #readsWhole(begin: number, end: number): boolean {
    return 2 * (end - begin) >= this.size;
  }

  /** Position of its bytes, behind a header that must tell the same as the directory. */
  async #locate(): Promise<number> {
    if (this.#position !== undefined) return this.#position;
    const entry = this.#entry;
    const local = await this.#zip.readLocalFileHeaderPromise(entry).catch((error) => {
      throw this.#source.because(sound, error);
    });
    const agree =
      local.fileName.equals(entry.fileNameRaw) &&
      local.compressionMethod === entry.compressionMethod &&
      ((local.generalPurposeBitFlag ^ entry.generalPurposeBitFlag) & 0x801) === 0; // encrypted, UTF-8
    // Bit 3: written before its sizes were known.
    const early = (local.generalPurposeBitFlag & 8) !== 0;
    const fits = (here: number, size: number) => here === size || here === elsewhere;
    const same =
      local.crc32 === entry.crc32 &&
      fits(local.compressedSize, entry.compressedSize) &&
      fits(local.uncompressedSize, entry.uncompressedSize);
    if (!agree || !(early || same)) throw this.#bad("a header like the one in the directory");
    this.#position = local.fileDataStart;
    return local.fileDataStart;
  }

  async #inflate(): Promise<Uint8Array> {
    const { compressedSize } = this.#entry;
    const position = await this.#locate();
    const input = await this.#source.read(position, compressedSize);
    // One byte more than expected, so that too many are noticed.
    const room = this.size + 1;
    const bytes = await inflate(input, {
      chunkSize: Math.max(64, room),
      maxOutputLength: room,
    }).catch((error: unknown) => {
      throw this.#source.because(`${sound}: member ${shown(this.name)}`, error);
    });
    if (bytes.length !== this.size) throw this.#bad(`${this.size} bytes, got ${bytes.length}`);
    this.#check(crc32(bytes));
    return bytes;
  }

  #check(sum: number): void {
    if (sum !== this.#entry.crc32)
      throw this.#bad(`a CRC-32 of ${this.#entry.crc32}, got ${sum} (damaged)`);
    this.#checked = true;
  }
}
