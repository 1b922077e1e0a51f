import { createHash, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";

// Whose a partial pack is stands in its name: time, host, process. So nobody holds a lock, and a dead
// owner's work is taken over by a rename, which only one can do.

/** Without a sign of life for so long an owner is dead, whatever its process id says. */
const silence = 60_000;
/** How often an owner gives one. */
export const heartbeat = 10_000;

const host = createHash("sha256").update(hostname()).digest("hex").slice(0, 8);

/** A name for the partial file of a pack, owned by this process. Names sort by age. */
export function ownName(path: string): string {
  const time = String(Date.now()).padStart(15, "0");
  const own = [time, host, process.pid, startOf("self") ?? 0, randomBytes(4).toString("hex")];
  return `${path}.${own.join("-")}.part`;
}

/** The name under which a partial file waits for somebody to go on with it. */
export function leftName(path: string): string {
  return `${path}.part`;
}

/** The partial files of a pack: those somebody works on, oldest first, and those that were left. */
export async function partials(path: string): Promise<{ live: string[]; left: string[] }> {
  const dir = dirname(path);
  const name = basename(path);
  const found: { live: string[]; left: string[] } = { live: [], left: [] };
  for (const file of (await readdir(dir)).sort()) {
    if (!file.startsWith(`${name}.`) || !file.endsWith(".part")) continue;
    const owner = file.slice(name.length + 1, -".part".length).split("-");
    const at = join(dir, file);
    found[(await isLive(at, owner)) ? "live" : "left"].push(at);
  }
  return found;
}

async function isLive(file: string, [, on, pid, start]: string[]): Promise<boolean> {
  if (pid === undefined) return false;
  if (on === host && !isRunning(Number(pid), start)) return false;
  const status = await stat(file).catch(() => undefined);
  return status !== undefined && Date.now() - status.mtimeMs < silence;
}

/** Whether a process of that id runs, and is the one that was started then: ids are used again. */
function isRunning(pid: number, start: string | undefined): boolean {
  const now = startOf(pid);
  if (now !== undefined) return now === start;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** When a process was started, in the kernel's ticks; undefined where that cannot be read. */
function startOf(pid: number | "self"): string | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name, in brackets, may hold anything; the start is the 20th field after it.
    return text.slice(text.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return undefined;
  }
}
