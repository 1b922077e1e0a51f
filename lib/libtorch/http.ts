import { open, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { EnvHttpProxyAgent, fetch, type Response } from "undici";
import { FinalError, HttpError } from "./failures.js";
import { requireSpace } from "./space.js";

// One file over HTTP, as far as one connection brings it; download.ts goes on from there.

const headerTimeout = 10_000;
const chunkTimeout = 60_000;

/** A file on its way. */
export interface Transfer {
  url: string;
  /** Where it goes; what is there already is its beginning. */
  path: string;
  /** What the server said of it, once it has said anything. */
  known?: { size?: number; validator?: string };
  /** Told how many bytes are there, as they come. */
  onBytes: (done: number, size: number | undefined) => void;
  signal?: AbortSignal;
}

/**
 * Fetches what of a file is not there yet, through the proxy that `HTTPS_PROXY`, `HTTP_PROXY` and
 * `NO_PROXY` name. It begins anew where the server has another file by now, or sends whole ones only.
 *
 * @throws FinalError, or Error when the connection broke; what came stays.
 */
export async function transfer(file: Transfer): Promise<void> {
  const have = await sizeOf(file.path);
  if (have > 0 && have === file.known?.size) return;
  const clock = new Clock(file.signal);
  const dispatcher = new EnvHttpProxyAgent();
  try {
    const headers = headersFor(have, file.known?.validator);
    const response = await fetch(file.url, { headers, signal: clock.signal, dispatcher });
    const start = await startOf(response, have, file.path);
    file.known = factsOf(response, start);
    const { size } = file.known;
    if (size !== undefined) await requireSpace(dirname(file.path), size - start, "download it");
    await receive(response, file, start, clock);
  } catch (error) {
    file.signal?.throwIfAborted();
    throw clock.signal.aborted ? clock.signal.reason : error;
  } finally {
    clock.stop();
    void dispatcher.destroy();
  }
}

/** Bytes of a file; 0 when there is none. */
export async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}

function headersFor(have: number, validator: string | undefined): Record<string, string> {
  // Compressed on the way it could not be gone on with.
  const headers: Record<string, string> = { "accept-encoding": "identity" };
  if (have > 0) headers.range = `bytes=${have}-`;
  if (have > 0 && validator !== undefined) headers["if-range"] = validator;
  return headers;
}

/** Where in the file the answer begins. */
async function startOf(response: Response, have: number, path: string): Promise<number> {
  const { status, statusText } = response;
  if (status === 200) return 0;
  const range = response.headers.get("content-range");
  if (status === 206 && range?.startsWith(`bytes ${have}-`)) return have;
  const partial = status === 206 || status === 416;
  // What is here is no beginning of what the server has.
  if (partial) await rm(path, { force: true });
  const sentence = `HTTP ${status} ${statusText}`.trim();
  const passing = status >= 500 || status === 408 || status === 429 || (partial && have > 0);
  throw passing ? new HttpError(sentence) : new FinalError(sentence);
}

function factsOf({ headers }: Response, start: number): NonNullable<Transfer["known"]> {
  const rest = headers.get("content-length");
  // A weak validator says nothing about bytes.
  const tag = headers.get("etag");
  const strong = tag?.startsWith("W/") ? undefined : (tag ?? undefined);
  return {
    size: rest === null ? undefined : start + Number(rest),
    validator: strong ?? headers.get("last-modified") ?? undefined,
  };
}

async function receive(response: Response, file: Transfer, start: number, clock: Clock) {
  const size = file.known?.size;
  let done = start;
  // Written one by one: a stream would drop what it holds when the connection breaks.
  const out = await open(file.path, start === 0 ? "w" : "a");
  try {
    for await (const chunk of response.body!) {
      clock.restart(chunkTimeout);
      await out.writeFile(chunk);
      done += chunk.length;
      file.onBytes(done, size);
    }
  } finally {
    await out.close();
  }
  if (size !== undefined && done !== size) throw new Error(`expected ${size} bytes, got ${done}`);
}

/** Ends what hears nothing for too long. */
class Clock {
  readonly signal: AbortSignal;
  private readonly stalled = new AbortController();
  private timer?: NodeJS.Timeout;

  constructor(signal: AbortSignal | undefined) {
    this.signal = AbortSignal.any([this.stalled.signal, ...(signal ? [signal] : [])]);
    this.restart(headerTimeout);
  }

  restart(milliseconds: number): void {
    this.stop();
    const late = () => this.stalled.abort(new Error("no answer in time"));
    this.timer = setTimeout(late, milliseconds);
  }

  stop(): void {
    clearTimeout(this.timer);
  }
}
