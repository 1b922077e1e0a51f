import { fromRandomAccessReaderPromise, RandomAccessReader } from "yauzl";
import { objectBytes } from "./budget.js";
import { shown } from "./damage.js";
import type { Source } from "./source.js";
import { Member, sound } from "./zip-member.js";

/** Bytes of the records' fixed parts (PKWARE APPNOTE, 4.3). */
const endBytes = 22;
const locatorBytes = 20;

/** The members of a ZIP archive by their names, in the order of its directory. */
export async function readZip(source: Source): Promise<Map<string, Member>> {
  const reader = new Reader(source);
  const members = new Map<string, Member>();
  try {
    const zip = await fromRandomAccessReaderPromise(reader, source.size, {
      autoClose: false,
      strictFileNames: true,
    });
    let directory = 0;
    for await (const entry of zip.eachEntry()) {
      source.budget.take(16 * objectBytes, "the directory of its archive");
      directory += 46 + entry.fileNameLength + entry.extraFieldLength + entry.fileCommentLength;
      const member = new Member(source, zip, entry);
      if (members.has(entry.fileName))
        throw source.bad(`expected one member ${shown(entry.fileName)}, got two`);
      members.set(entry.fileName, member);
    }
    const start = await directoryStart(source, zip.comment.length, directory);
    checkExtents(source, [...members.values()], start);
  } catch (error) {
    throw source.because(sound, error);
  }
  reader.listed();
  return members;
}

/** Feeds yauzl from a source; it reads the directory piece by piece, so that is read ahead. */
class Reader extends RandomAccessReader {
  readonly #source: Source;
  #ahead = 2 ** 16;
  #window: { position: number; bytes: Buffer } = { position: 0, bytes: Buffer.alloc(0) };

  constructor(source: Source) {
    super();
    this.#source = source;
  }

  /** From now on no more is read than what is asked for. */
  listed(): void {
    this.#ahead = 0;
    this.#window.bytes = Buffer.alloc(0);
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null) => void,
  ): void {
    this.#bytes(position, length).then((bytes) => {
      bytes.copy(buffer, offset);
      callback(null);
    }, callback);
  }

  async #bytes(position: number, length: number): Promise<Buffer> {
    const begin = position - this.#window.position;
    if (!(begin >= 0 && begin + length <= this.#window.bytes.length)) {
      const rest = Math.max(0, this.#source.size - position);
      const more = Math.max(length, Math.min(this.#ahead, rest));
      this.#window = { position, bytes: await this.#source.read(position, more) };
      return this.#window.bytes.subarray(0, length);
    }
    return this.#window.bytes.subarray(begin, begin + length);
  }
}

/** Where the directory begins: it must fill all up to the records that end the archive. */
async function directoryStart(source: Source, comment: number, length: number): Promise<number> {
  const end = source.size - endBytes - comment;
  const record = await source.read(end, endBytes);
  const locator = await source.read(Math.max(0, end - locatorBytes), Math.min(end, locatorBytes));
  const zip64 = locator.length === locatorBytes && locator.readUInt32LE() === 0x07064b50;
  const stop = zip64 ? Number(locator.readBigUInt64LE(8)) : end;
  const start = zip64
    ? Number((await source.read(stop + 48, 8)).readBigUInt64LE())
    : record.readUInt32LE(16);
  if (start + length !== stop)
    throw source.bad(`${sound}: its directory ends at ${start + length}, not at ${stop}`);
  return start;
}

/** Members that share bytes would let a small file stand for a large one. */
function checkExtents(source: Source, members: readonly Member[], end: number): void {
  const inOrder = [...members].sort((a, b) => a.start - b.start);
  for (const [i, { name, least }] of inOrder.entries()) {
    const next = inOrder[i + 1]?.start ?? end;
    if (!(least <= next))
      throw source.bad(
        `${sound}: ${shown(name)} ends at ${least}, after the next begins at ${next}`,
      );
  }
}
