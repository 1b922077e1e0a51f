import { damaged } from "./damage.js";

/** Bytes that are free whatever the size of the file. */
const spare = 64 * 2 ** 20;

/** The memory of one JavaScript object with what its container needs for it. */
export const objectBytes = 64;

/**
 * What reading a file may take of memory: four times its size and 64 MiB. Everything whose size a
 * file decides is taken from here before it is made, also the elements of tensors that nobody has
 * asked for yet, so that a small file cannot stand for a large one.
 */
export class Budget {
  readonly #file: string;
  readonly limit: number;
  #taken = 0;

  constructor(file: string, size: number) {
    this.#file = file;
    this.limit = 4 * size + spare;
  }

  get taken(): number {
    return this.#taken;
  }

  /**
   * @throws SsdError BAD_CHECKPOINT when it is more than there is; `what` says what it was for.
   */
  take(bytes: number, what: string): void {
    this.#taken += bytes;
    if (this.#taken <= this.limit) return;
    throw damaged(
      this.#file,
      `expected a file that takes at most ${this.limit} bytes of memory, got more with ${what}`,
    );
  }
}
