import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { reason, SsdError } from "../errors.js";
import { Budget } from "./budget.js";
import { damaged } from "./damage.js";

const chunkBytes = 2 ** 20;

/** A file whose bytes are read by position. */
export class Source {
  readonly file: string;
  /** Bytes. */
  readonly size: number;
  readonly budget: Budget;
  readonly #handle: FileHandle;
  #closed = false;

  private constructor(file: string, size: number, handle: FileHandle) {
    this.file = file;
    this.size = size;
    this.budget = new Budget(file, size);
    this.#handle = handle;
  }

  /** @throws SsdError BAD_CHECKPOINT when there is no such file, or it is none. */
  static async open(file: string): Promise<Source> {
    let handle: FileHandle | undefined;
    try {
      // A pipe would otherwise wait for somebody to write.
      handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
      const stats = await handle.stat();
      if (!stats.isFile()) throw new Error("it is something else");
      return new Source(file, stats.size, handle);
    } catch (error) {
      await handle?.close();
      throw damaged(file, `expected a readable file: ${reason(error)}`);
    }
  }

  /** An error about this file. */
  bad(why: string): SsdError {
    return damaged(this.file, why);
  }

  /** An error of this file's bytes as it was met by somebody else's code. */
  because(expected: string, error: unknown): SsdError {
    return error instanceof SsdError ? error : this.bad(`${expected}: ${reason(error)}`);
  }

  /**
   * Bytes in memory of their own.
   *
   * @throws SsdError BAD_CHECKPOINT when the file has not that many, DISPOSED after `close`.
   */
  async read(position: number, length: number): Promise<Buffer> {
    if (this.#closed) throw new SsdError("DISPOSED", `${this.file}: read after it was closed`);
    if (!(position + length <= this.size)) throw this.#cutShort(length, position, this.size);
    const bytes = Buffer.allocUnsafeSlow(length);
    for (let done = 0; done < length; ) {
      const { bytesRead } = await this.#handle
        .read(bytes, done, length - done, position + done)
        .catch((error: unknown) => {
          throw this.because("expected a readable file", error);
        });
      if (bytesRead === 0) throw this.#cutShort(length, position, position + done);
      done += bytesRead;
    }
    return bytes;
  }

  #cutShort(length: number, position: number, end: number): SsdError {
    return this.bad(`expected ${length} bytes at ${position}, got an end at ${end} (cut short?)`);
  }

  /** The bytes of a range in pieces, for checksums. */
  async *chunks(begin: number, end: number): AsyncGenerator<Buffer, void, undefined> {
    for (let at = begin; at < end; at += chunkBytes) {
      yield await this.read(at, Math.min(chunkBytes, end - at));
    }
  }

  /** Safe to call twice. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#handle.close();
  }
}
