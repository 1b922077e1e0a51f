import { createHash } from "node:crypto";
import { type FileHandle, open, rename, rm, utimes } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";
import { cancelled } from "../errors.js";
import { nextPage, pageBytes, readAt, writeAt } from "./pack-format.js";
import type { Source } from "./pack-index.js";
import { heartbeat, leftName, ownName, partials } from "./pack-owner.js";
import { type Measured, pixelBytes } from "./pixels.js";
import { flush, syncFolder } from "./whole.js";

/** Where everything of a pack is, known before the first picture is decoded. */
export interface Layout {
  /** Where each picture's pixels begin. */
  offsets: number[];
  /** Where the records of finished pictures begin. */
  records: number;
  /** Where the records end and the sections begin. */
  end: number;
  /** Digest of all that. */
  digest: Buffer;
}

const magic = "SSDPART2";
/** A record: 8 bytes of its source's digest, the checksum of its pixels, and that it is one. */
const recordBytes = 16;
/** When records are written: what an interruption may cost. */
const recordEvery = { pictures: 32, ms: 500 };
/** Bytes after which the disk is asked to write, as long as it is not at it. */
const flushEvery = 64 << 20;
const finished = 0x656e6f64;

/** Places for pictures of these sizes. */
export function layoutOf(sizes: readonly Measured[]): Layout {
  const hash = createHash("sha256");
  const offsets: number[] = [];
  let end = pageBytes;
  for (const size of sizes) {
    offsets.push(end);
    end = nextPage(end + pixelBytes(size));
    hash.update(`${size.held.width}x${size.held.height}\n`);
  }
  return { offsets, records: end, end: end + sizes.length * recordBytes, digest: hash.digest() };
}

/**
 * The file a pack is made in: it has the pack's form but for the header, and a record of every
 * picture that is finished. Whoever packs the same pictures after an interruption goes on with it.
 */
export class PartialPack {
  private readonly beat: NodeJS.Timeout;
  /** The records as they are in the file, but for those of `unrecorded`. */
  private table = Buffer.alloc(0);
  private tableAt = 0;
  private unrecorded: number[] = [];
  private unflushed = 0;
  private flushing: Promise<void> | undefined;
  private recorded = performance.now();
  private open = true;

  private constructor(
    private readonly path: string,
    private readonly name: string,
    readonly handle: FileHandle,
  ) {
    const sign = () => {
      const now = new Date();
      // A sign that fails is one that is missed; the next may not.
      handle.utimes(now, now).catch(() => undefined);
    };
    this.beat = setInterval(sign, heartbeat).unref();
  }

  /**
   * The partial file for the pack at `path`: one that was left, or a new one. While somebody else
   * works on the pack it waits for their end, and returns undefined: then there should be a pack.
   *
   * @param onWait Called when it begins to wait, with the other's file.
   * @throws SsdError CANCELLED while it waits
   */
  static async claim(
    path: string,
    onWait: (file: string) => void,
    signal: AbortSignal | undefined,
  ): Promise<PartialPack | undefined> {
    const { live, left } = await partials(path);
    if (live.length > 0) return await waitFor(path, live[0]!, onWait, signal);
    const own = ownName(path);
    const partial = new PartialPack(path, own, await take(left, own));
    // Two may have begun at the same moment: the older name goes on.
    const [first] = (await partials(path)).live;
    if (first === undefined || first >= own) return partial;
    await partial.leave(true);
    return await waitFor(path, first, onWait, signal);
  }

  /** Makes the file one of this layout. @returns Whether it was one, with finished pictures in it. */
  async prepare({ digest, records, end }: Layout): Promise<boolean> {
    this.table = Buffer.alloc(end - records);
    this.tableAt = records;
    const header = Buffer.concat([Buffer.from(magic, "latin1"), digest]);
    const there = await readAt(this.handle, 0, header.length);
    if (there.equals(header)) return true;
    await this.handle.truncate(0);
    await this.handle.truncate(end);
    await writeAt(this.handle, header, 0);
    return false;
  }

  /** Bytes of the disk it takes already. */
  async taken(): Promise<number> {
    return (await this.handle.stat()).blocks * 512;
  }

  /** The checksums of pictures that are recorded as finished and whose sources are the same. */
  async records(layout: Layout, sources: readonly Source[]): Promise<(number | undefined)[]> {
    const { records, end } = layout;
    await readAt(this.handle, records, end - records, this.table);
    return sources.map((source, i) => {
      const record = this.record(i);
      if (record.readUInt32LE(12) !== finished) return undefined;
      return record.subarray(0, 8).equals(digestOf(source)) ? record.readUInt32LE(8) : undefined;
    });
  }

  /** Writes a picture; its record follows with those of others. */
  async put(layout: Layout, i: number, pixels: Uint8Array, crc: number, source: Source) {
    await writeAt(this.handle, pixels, layout.offsets[i]!);
    this.flush(pixels.length);
    const record = this.record(i);
    digestOf(source).copy(record);
    record.writeUInt32LE(crc, 8);
    record.writeUInt32LE(finished, 12);
    this.unrecorded.push(i);
    const now = performance.now();
    if (this.unrecorded.length >= recordEvery.pictures || now - this.recorded > recordEvery.ms) {
      this.recorded = now;
      await this.writeRecords();
    }
  }

  /** Has the disk begin with what was written, so that little is left to wait for at the end. */
  private flush(bytes: number): void {
    this.unflushed += bytes;
    if (this.unflushed < flushEvery || this.flushing !== undefined) return;
    this.unflushed = 0;
    // What fails here fails again at the end, where it is told.
    this.flushing = flush(this.handle)
      .catch(() => undefined)
      .finally(() => {
        this.flushing = undefined;
      });
  }

  private record(i: number): Buffer {
    return this.table.subarray(i * recordBytes, (i + 1) * recordBytes);
  }

  /** Writes the part of the table in which records are new. */
  private async writeRecords(): Promise<void> {
    const fresh = this.unrecorded.splice(0);
    if (fresh.length === 0) return;
    const [from, to] = [Math.min(...fresh), Math.max(...fresh) + 1];
    const part = this.table.subarray(from * recordBytes, to * recordBytes);
    await writeAt(this.handle, part, this.tableAt + from * recordBytes);
  }

  /** Gives the whole file its name, on the disk before that. @returns False when it was taken away. */
  async finish(): Promise<boolean> {
    await this.writeRecords();
    await flush(this.handle);
    const named = await rename(this.name, this.path).then(
      () => true,
      (error: NodeJS.ErrnoException) => {
        if (error.code === "ENOENT") return false;
        throw error;
      },
    );
    await this.close();
    await syncFolder(this.path);
    for (const file of (await partials(this.path)).left) await rm(file, { force: true });
    return named;
  }

  /** Leaves the file to whoever goes on with it, when asked to and there are pictures in it. */
  async leave(keep: boolean): Promise<void> {
    // What cannot be written is decoded again.
    if (this.open && keep) await this.writeRecords().catch(() => undefined);
    await this.close();
    // Where it cannot be renamed the owner's end gives it free as well.
    if (keep && this.hasPictures())
      await rename(this.name, leftName(this.path)).catch(() => undefined);
    else await rm(this.name, { force: true });
  }

  private hasPictures(): boolean {
    for (let at = 12; at < this.table.length; at += recordBytes) {
      if (this.table.readUInt32LE(at) === finished) return true;
    }
    return false;
  }

  private async close(): Promise<void> {
    clearInterval(this.beat);
    await this.flushing;
    if (this.open) await this.handle.close();
    this.open = false;
  }
}

/** Opens the first of the files that can be had under the name `own`; without one a new file. */
async function take(left: readonly string[], own: string): Promise<FileHandle> {
  for (const file of left) {
    try {
      const now = new Date();
      // A sign of life first: whoever looks must not take it for left.
      await utimes(file, now, now);
      await rename(file, own);
      return await open(own, "r+");
    } catch (error) {
      // Somebody else was faster.
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }
  return await open(own, "wx+");
}

async function waitFor(
  path: string,
  file: string,
  onWait: (file: string) => void,
  signal: AbortSignal | undefined,
): Promise<undefined> {
  onWait(file);
  while ((await partials(path)).live.includes(file)) {
    if (signal?.aborted) {
      throw cancelled(signal.reason, `stopped while another process packs ${path}`);
    }
    await setTimeout(200);
  }
}

function digestOf({ bytes, mtimeMs }: Source): Buffer {
  return createHash("sha256").update(`${bytes} ${mtimeMs}`).digest().subarray(0, 8);
}
