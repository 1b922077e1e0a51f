import { readFile, stat } from "node:fs/promises";

// Text files of a data set: annotations, lists, settings. From anywhere, so bounded and strict.

/** No annotation of one picture, list or setting comes near to this. */
const largest = 64 << 20;

/**
 * Reads a text file: UTF-8, or UTF-16 with a byte order mark. The mark is not part of the text.
 *
 * Strict: a name in another encoding would become another name.
 *
 * @throws Error with a sentence (no file name in it) when it is not there, too large or not text;
 *   what the file system says keeps its `code`
 */
export async function readText(file: string, limit = largest): Promise<string> {
  const { size } = await stat(file);
  if (size > limit) throw new Error(`${size} bytes, more than the ${limit} that are read`);
  const bytes = await readFile(file);
  const encoding = encodingOf(bytes);
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch (error) {
    throw new Error(`bytes that are not ${encoding.toUpperCase()}`, { cause: error });
  }
}

function encodingOf(bytes: Uint8Array): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return "utf-16le";
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return "utf-16be";
  return "utf-8";
}

/** The lines of a text that are not blank, trimmed. */
export function linesOf(text: string): string[] {
  return text
    .split(/\r\n?|\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "");
}
