import { SsdError } from "../errors.js";

// Sentences about files that nobody vouches for: in one line, and short, whatever is in the bytes.

/** BAD_CHECKPOINT that names the file. */
export function damaged(file: string, why: string): SsdError {
  return new SsdError("BAD_CHECKPOINT", `${file}: ${plain(why)}`);
}

/** A text of a file, or a value of its JSON, for such a sentence. */
export function shown(value: unknown): string {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? String(value));
  return plain(text.length > 100 ? `${text.slice(0, 100)}…` : text);
}

// Control characters, line ends of all kinds, and halves of characters.
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

function plain(text: string): string {
  return text.replace(unprintable, "�");
}
