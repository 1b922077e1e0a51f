/** What went wrong, as a literal a program can branch on. The sentence for people is in `message`. */
export type SsdErrorCode =
  | "BAD_OPTION"
  | "BAD_DATA"
  | "BAD_CHECKPOINT"
  | "NO_LIBTORCH"
  | "NO_CUDA"
  | "OUT_OF_MEMORY"
  | "CANCELLED"
  | "DISPOSED"
  | "DIVERGED"
  | "INTERNAL";

/**
 * The one error class of this package.
 *
 * `message` is a sentence: what was expected, what came, and where (file, object, option).
 * `code` is the category. Native errors arrive as this class too.
 */
export class SsdError extends Error {
  readonly code: SsdErrorCode;
  /** Of a step that diverged: indices of the pictures it was made of. */
  declare readonly pictures?: number[];

  constructor(code: SsdErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "SsdError";
    this.code = code;
  }
}

/** The message of anything that was thrown, without its stack. */
export function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** CANCELLED with the reason of an aborted signal as its cause; a reason of ours stands as it is. */
export function cancelled(cause: unknown, message: string): SsdError {
  return cause instanceof SsdError ? cause : new SsdError("CANCELLED", message, { cause });
}

/** The nearest of `known` to a misspelled `word`; nothing when `near` is asked for and none is. */
export function nearest(word: string, known: Iterable<string>, near = true): string | undefined {
  let best: string | undefined;
  let least = near ? Math.max(2, Math.floor(word.length / 2)) + 1 : Number.POSITIVE_INFINITY;
  for (const name of known) {
    const distance = editDistance(word.toLowerCase(), name.toLowerCase());
    if (distance < least) [best, least] = [name, distance];
  }
  return best;
}

/** `; did you mean "x"?`, or nothing when `near` is asked for and no known name is. */
export function suggestion(word: string, known: Iterable<string>, near = true): string {
  const name = nearest(word, known, near);
  return name === undefined ? "" : `; did you mean "${name}"?`;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, swap));
    }
    row = next;
  }
  return row[b.length]!;
}
