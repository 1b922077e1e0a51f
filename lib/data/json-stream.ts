// A large JSON file taken apart as it is read: the elements of some lists of the object on top, one
// by one. The whole text would not fit into a string (COCO's is half a gigabyte, mostly outlines),
// and parsing it at once would hold everything up.

/** An element of one of the lists that are looked at. */
export interface JsonElement {
  /** Name of the list. */
  list: string;
  /** 0-based. */
  index: number;
  value: unknown;
}

/** What is no element but longer than this was not written as such a file. */
const longest = 64 << 20;

const [quote, backslash, comma, colon] = [0x22, 0x5c, 0x2c, 0x3a];
const [openList, closeList, openObject, closeObject] = [0x5b, 0x5d, 0x7b, 0x7d];
const isSpace = (byte: number) => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

type State = "start" | "first key" | "key" | "colon" | "value" | "element" | "next" | "end";

/** Splits the bytes of a JSON object, chunk by chunk. Members that are not asked for are passed over. */
export class JsonSplitter {
  /** Lists that were there. */
  readonly seen = new Set<string>();
  #state: State = "start";
  #key = "";
  #index = 0;
  /** In a list that is taken apart. */
  #inList = false;
  /** Whether the element before was followed by a comma (or is none). */
  #mayClose = true;
  // The value that is being read: brackets open, in a text, after a backslash, and its bytes so far.
  #depth = -1;
  #inText = false;
  #escaped = false;
  #parts: Uint8Array[] = [];
  #length = 0;
  readonly #lists: ReadonlySet<string>;

  constructor(lists: Iterable<string>) {
    this.#lists = new Set(lists);
  }

  /** The elements that are complete with this chunk. @throws Error with a sentence */
  push(chunk: Uint8Array): JsonElement[] {
    const found: JsonElement[] = [];
    let at = this.#state === "start" && hasMark(chunk) ? 3 : 0;
    while (at < chunk.length) {
      if (this.#depth < 0) {
        if (this.#structure(chunk[at]!)) at++;
        continue;
      }
      const end = this.#scan(chunk, at);
      this.#keep(chunk.subarray(at, end.at));
      at = end.at;
      if (end.done) this.#finish(found);
    }
    return found;
  }

  /** To be called after the last chunk. @throws Error when the object is not complete */
  end(): void {
    if (this.#state === "end" && this.#depth < 0) return;
    if (this.#state === "start") throw new Error("an empty file");
    throw new Error(`a text that ends in ${this.#where()}`);
  }

  /** A byte between values. @returns whether it is used up: false where a value begins with it */
  #structure(byte: number): boolean {
    if (isSpace(byte)) return true;
    switch (this.#state) {
      case "start":
        if (byte !== openObject) throw this.#unexpected(byte, "an object {…}");
        this.#state = "first key";
        return true;
      case "first key":
      case "key":
        if (byte === closeObject && this.#state === "first key") this.#state = "end";
        else if (byte === quote) this.#begin();
        else throw this.#unexpected(byte, "a name in quotes");
        return byte !== quote;
      case "colon":
        if (byte !== colon) throw this.#unexpected(byte, "a colon");
        this.#state = "value";
        return true;
      case "value":
        return this.#value(byte);
      case "element":
        return this.#element(byte);
      case "next":
        return this.#next(byte);
      default:
        throw this.#unexpected(byte, "nothing more");
    }
  }

  #value(byte: number): boolean {
    if (!this.#lists.has(this.#key)) {
      this.#begin();
      return false;
    }
    if (byte !== openList) throw this.#unexpected(byte, "a list [...]");
    if (this.seen.has(this.#key)) throw new Error(`"${this.#key}" twice`);
    this.seen.add(this.#key);
    this.#inList = true;
    this.#mayClose = true;
    this.#index = 0;
    this.#state = "element";
    return true;
  }

  #element(byte: number): boolean {
    if (byte === closeList && this.#mayClose) {
      this.#inList = false;
      this.#state = "next";
      return true;
    }
    this.#begin();
    return false;
  }

  /** After a value: another one, or the end of what it is in. */
  #next(byte: number): boolean {
    if (byte === comma) {
      this.#state = this.#inList ? "element" : "key";
      this.#mayClose = false;
    } else if (byte === (this.#inList ? closeList : closeObject)) {
      this.#state = this.#inList ? "next" : "end";
      this.#inList = false;
    } else throw this.#unexpected(byte, "a comma or an end");
    return true;
  }

  #begin(): void {
    this.#depth = 0;
    this.#inText = false;
    this.#escaped = false;
    this.#parts = [];
    this.#length = 0;
  }

  /** From `start` to where the value ends, or the chunk does. */
  #scan(chunk: Uint8Array, start: number): { at: number; done: boolean } {
    // Every byte of the file passes here: in variables of their own these cost half.
    let [depth, inText, escaped] = [this.#depth, this.#inText, this.#escaped];
    let at = start;
    for (; at < chunk.length; at++) {
      const byte = chunk[at]!;
      if (inText) {
        if (escaped) escaped = false;
        else if (byte === backslash) escaped = true;
        else if (byte === quote) {
          inText = false;
          if (depth === 0) return { at: at + 1, done: true };
        }
      } else if (byte === quote) inText = true;
      else if (byte === openObject || byte === openList) depth++;
      else if (byte === closeObject || byte === closeList) {
        // A number or a word ends with what it stands in.
        if (depth === 0) return { at, done: true };
        if (--depth === 0) return { at: at + 1, done: true };
      } else if (depth === 0 && (byte === comma || isSpace(byte))) return { at, done: true };
    }
    [this.#depth, this.#inText, this.#escaped] = [depth, inText, escaped];
    return { at, done: false };
  }

  #keep(bytes: Uint8Array): void {
    this.#length += bytes.length;
    // Of members that are not asked for only the end matters.
    if (this.#state === "value") return;
    if (this.#length > longest) {
      throw new Error(`${longest} bytes without an end in ${this.#where()}`);
    }
    this.#parts.push(bytes);
  }

  #finish(found: JsonElement[]): void {
    const state = this.#state;
    if (this.#length === 0) throw new Error(`no value in ${this.#where()}`);
    const value = state === "value" ? undefined : this.#parse();
    this.#depth = -1;
    this.#parts = [];
    if (state === "element") {
      found.push({ list: this.#key, index: this.#index++, value });
      this.#state = "next";
    } else if (state === "value") this.#state = "next";
    else {
      this.#key = value as string;
      this.#state = "colon";
    }
  }

  #parse(): unknown {
    const text = this.#parts.length === 1 ? this.#parts[0]! : Buffer.concat(this.#parts);
    try {
      return JSON.parse(strict.decode(text));
    } catch (error) {
      const told = error instanceof SyntaxError ? error.message : "bytes that are not UTF-8";
      throw new Error(`${told} in ${this.#where()}`);
    }
  }

  #unexpected(byte: number, expected: string): Error {
    const text = byte > 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `byte ${byte}`;
    return new Error(`${text} instead of ${expected} in ${this.#where()}`);
  }

  #where(): string {
    if (this.#inList) return `${this.#key}[${this.#index}]`;
    return this.#state === "value" || this.#state === "colon"
      ? `"${this.#key}"`
      : "the object on top";
  }
}

const strict = new TextDecoder("utf-8", { fatal: true });

/** Whether a byte order mark comes first. */
function hasMark(bytes: Uint8Array): boolean {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
}
