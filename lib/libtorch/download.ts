import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { reason } from "../errors.js";
import { FinalError, HttpError } from "./failures.js";
import { sizeOf, type Transfer, transfer } from "./http.js";

/** What a download reports to, and what stops it. */
export interface Watch {
  /** Takes a line of progress for people. */
  onProgress: (line: string) => void;
  signal?: AbortSignal;
}

/** Where a download is made, and where what came of one that broke waits for the next attempt. */
export interface Places {
  /** A folder of this download alone. */
  folder: string;
  /** On the same disk; shared by all. */
  kept: string;
}

/** Connections in a row that may bring nothing, and connections at all. */
const patience = 5;
const connections = 500;

/**
 * Downloads a URL into `folder` under the URL's own file name, and returns the path.
 *
 * A connection that breaks is taken up where it broke. When it cannot be, what came is kept, and the
 * next download of the same URL, in another process too, goes on from there. Of two at a time one has
 * it and the other begins anew: what is kept is taken by a rename.
 *
 * @throws Error naming the URL.
 */
export async function downloadUrl(
  url: string,
  { folder, kept }: Places,
  watch: Watch,
): Promise<string> {
  const own = join(folder, "download");
  const waiting = join(
    kept,
    `.partial-${createHash("sha256").update(url).digest("hex").slice(0, 16)}`,
  );
  await rename(waiting, own).catch(() => mkdir(own, { recursive: true }));
  const facts = join(own, "facts.json");
  const name = fileNameOf(url);
  const file: Transfer = {
    url,
    path: join(own, name),
    known: await readFile(facts, "utf8")
      .then(JSON.parse)
      .catch(() => undefined),
    onBytes: meter(name, watch.onProgress),
    signal: watch.signal,
  };
  try {
    await persist(file, watch);
    return file.path;
  } catch (error) {
    if ((await sizeOf(file.path)) > 0) {
      await writeFile(facts, JSON.stringify(file.known));
      await rm(waiting, { recursive: true, force: true });
      await rename(own, waiting).catch(() => undefined);
    }
    watch.signal?.throwIfAborted();
    throw new Error(`${url}: ${causes(error)}`, { cause: error });
  }
}

/** Takes a transfer up again as long as that brings something. */
async function persist(file: Transfer, { onProgress, signal }: Watch): Promise<void> {
  let most = await sizeOf(file.path);
  let barren = 0;
  for (let count = 1; ; count++) {
    try {
      return await transfer(file);
    } catch (error) {
      signal?.throwIfAborted();
      const now = await sizeOf(file.path);
      barren = now > most ? 0 : barren + 1;
      most = Math.max(most, now);
      // Who was never heard, and did not hang up either, is not there.
      const heard = error instanceof HttpError || hungUp(error);
      const silent = file.known === undefined && !heard;
      if (error instanceof FinalError || silent || barren === patience || count === connections) {
        throw error;
      }
      onProgress(`${basename(file.path)}: ${causes(error)}; going on after ${now} bytes`);
      await wait(100 * 2 ** barren, undefined, { signal });
    }
  }
}

/** The last part of a URL's path, decoded: `%2B` is the + of `2.13.0+cpu`. */
function fileNameOf(url: string): string {
  return basename(decodeURIComponent(new URL(url).pathname)) || "archive";
}

/** Says every tenth of a download, so that a log stays short. */
function meter(name: string, onProgress: Watch["onProgress"]): Transfer["onBytes"] {
  let said = 0;
  return (done, size) => {
    const tenth = size === undefined ? 0 : Math.floor((10 * done) / size);
    if (tenth > said) onProgress(`${name}: ${tenth * 10} % of ${(size! / 1e6).toFixed(0)} MB`);
    said = Math.max(said, tenth);
  };
}

/** Whether a connection there was ended. */
function hungUp(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as NodeJS.ErrnoException;
  return /^(UND_ERR_SOCKET|ECONNRESET|EPIPE)$/.test(code ?? "") || hungUp(error.cause);
}

/** fetch hides what went wrong in the cause ("fetch failed"). */
function causes(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause === undefined ? reason(error) : `${reason(error)}: ${causes(cause)}`;
}

/** The sha256 of a file, in hexadecimal. */
export async function sha256Of(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest("hex");
}
