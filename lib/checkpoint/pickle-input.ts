import { isUtf8 } from "node:buffer";

/** Thrown where bytes end within a pickle: whoever has more of them can begin again. */
export class CutShort extends Error {}

/** A pickle's bytes with a place to read on from. */
export class PickleInput {
  readonly #bytes: Buffer;
  position: number;

  constructor(bytes: Buffer, position = 0) {
    this.#bytes = bytes;
    this.position = position;
  }

  get rest(): number {
    return this.#bytes.length - this.position;
  }

  take(length: number): Buffer {
    if (length > this.rest) throw new CutShort();
    const bytes = this.#bytes.subarray(this.position, this.position + length);
    this.position += length;
    return bytes;
  }

  u8(): number {
    if (this.rest < 1) throw new CutShort();
    return this.#bytes[this.position++]!;
  }

  u16(): number {
    return this.take(2).readUInt16LE();
  }

  i32(): number {
    return this.take(4).readInt32LE();
  }

  u32(): number {
    return this.take(4).readUInt32LE();
  }

  u64(): number {
    return Number(this.take(8).readBigUInt64LE());
  }

  f64(): number {
    return this.take(8).readDoubleBE();
  }

  /** A little-endian integer in two's complement. */
  integer(length: number): number | bigint {
    if (length === 0) return 0;
    const big = BigInt(`0x${Buffer.from(this.take(length)).reverse().toString("hex")}`);
    const value = BigInt.asIntN(8 * length, big);
    return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  }

  /** Text; undefined when it is not UTF-8. */
  text(length: number): string | undefined {
    const bytes = this.take(length);
    return isUtf8(bytes) ? bytes.toString("utf8") : undefined;
  }

  /** Text up to the end of the line; undefined when that is further than `limit` bytes. */
  line(limit: number): string | undefined {
    const within = this.#bytes.subarray(this.position, this.position + limit);
    const length = within.indexOf("\n");
    if (length >= 0) {
      this.position += length + 1;
      return within.toString("latin1", 0, length);
    }
    if (within.length < limit) throw new CutShort();
    return undefined;
  }
}
