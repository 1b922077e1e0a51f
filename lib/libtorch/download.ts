import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { reason } from "../errors.js";
import { pinnedVersion, wheelIndex } from "./version.js";

/** What a download reports to, and what stops it. */
export interface Watch {
  /** Takes a line of progress for people. */
  onProgress: (line: string) => void;
  signal?: AbortSignal;
}

const headerTimeout = 10_000;
const chunkTimeout = 60_000;

/** Downloads a URL into `folder` under the URL's own file name, and returns the path. */
export async function downloadUrl(url: string, folder: string, watch: Watch): Promise<string> {
  const stalled = new AbortController();
  const stop = () => stalled.abort(new Error("no answer in time"));
  let timer = setTimeout(stop, headerTimeout);
  const signal = AbortSignal.any([stalled.signal, ...(watch.signal ? [watch.signal] : [])]);
  try {
    const response = await fetch(url, { signal });
    if (!response.ok || response.body === null) {
      throw new Error(`HTTP ${response.status} ${response.statusText}`);
    }
    const path = join(folder, fileNameOf(url));
    const size = Number(response.headers.get("content-length") ?? 0);
    const advance = meter(basename(path), size, watch.onProgress);
    const alive = async function* (source: AsyncIterable<Buffer>) {
      for await (const chunk of source) {
        clearTimeout(timer);
        timer = setTimeout(stop, chunkTimeout);
        advance(chunk.length);
        yield chunk;
      }
    };
    await pipeline(Readable.fromWeb(response.body), alive, createWriteStream(path), { signal });
    return path;
  } catch (error) {
    watch.signal?.throwIfAborted();
    const cause = signal.aborted ? signal.reason : error;
    throw new Error(`${url}: ${causes(cause)}`, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

/** The last part of a URL's path, decoded: `%2B` is the + of `2.13.0+cpu`. */
function fileNameOf(url: string): string {
  return basename(decodeURIComponent(new URL(url).pathname)) || "archive";
}

/** Says every tenth of a download, so that a log stays short. */
function meter(name: string, size: number, onProgress: Watch["onProgress"]) {
  let done = 0;
  let said = 0;
  return (bytes: number) => {
    done += bytes;
    const tenth = size > 0 ? Math.floor((10 * done) / size) : 0;
    if (tenth > said) onProgress(`${name}: ${tenth * 10} % of ${(size / 1e6).toFixed(0)} MB`);
    said = Math.max(said, tenth);
  };
}

/** fetch hides what went wrong in the cause ("fetch failed"). */
function causes(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause === undefined ? reason(error) : `${reason(error)}: ${causes(cause)}`;
}

/**
 * Lets pip fetch the CPU wheel of the pinned version into `folder`, and returns its path. pip knows
 * the proxies, mirrors and certificates that a user has set up, and checks what it downloads.
 */
export async function downloadWheel(folder: string, watch: Watch): Promise<string> {
  const wheel = [
    "--no-deps",
    "--only-binary=:all:",
    "--dest",
    folder,
    `torch==${pinnedVersion}+cpu`,
  ];
  // One wheel for all, whatever python3 is: its libraries are the same, and its checksum is known.
  const one = ["--python-version", "3.11", "--implementation", "cp"];
  const platform = ["--platform", "manylinux_2_28_x86_64"];
  const pip = ["-m", "pip", "download", ...one, ...platform, ...wheel];
  try {
    await run("python3", pip, watch);
  } catch {
    // What is configured has no CPU build (PyPI has CUDA's alone): ask PyTorch's index as well.
    watch.signal?.throwIfAborted();
    await run("python3", [...pip, "--extra-index-url", wheelIndex], watch);
  }
  const name = (await readdir(folder)).find((file) => file.endsWith(".whl"));
  if (name === undefined) throw new Error("pip download ended well but left no wheel");
  return join(folder, name);
}

function run(command: string, args: readonly string[], watch: Watch): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], signal: watch.signal });
    let last = "";
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on("line", (line) => {
        if (line.startsWith("ERROR:")) last = line.slice("ERROR:".length).trim();
        watch.onProgress(line);
      });
    }
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve();
      else reject(new Error(`${command} ${args.slice(1, 3).join(" ")} failed: ${last || code}`));
    });
  });
}

/** The sha256 of a file, in hexadecimal. */
export async function sha256Of(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest("hex");
}
