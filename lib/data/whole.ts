import { randomBytes } from "node:crypto";
import { fsync, rmSync } from "node:fs";
import { type FileHandle, open, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { promisify } from "node:util";

const sync = promisify(fsync);

/** Puts what was written on the disk. Not by the handle's own method: Yarn's Plug'n'Play has none. */
export function flush(handle: FileHandle): Promise<void> {
  return sync(handle.fd);
}

/**
 * Makes a file or folder that is whole or not there: `make` fills a temporary one beside `path`,
 * which is then renamed. On a failure, and when the process ends in between, nothing is left.
 *
 * @throws whatever `make` throws, and the rename
 */
export async function makeWhole<T>(
  path: string,
  make: (temporary: string) => Promise<T>,
): Promise<T> {
  const temporary = `${path}.${process.pid}-${randomBytes(4).toString("hex")}.tmp`;
  const remove = () => rmSync(temporary, { recursive: true, force: true });
  // A signal ends the process between two awaits; `finally` does not run then.
  process.once("exit", remove);
  try {
    const result = await make(temporary);
    await rename(temporary, path);
    return result;
  } finally {
    process.off("exit", remove);
    remove();
  }
}

/** Makes a rename durable; some file systems do not sync folders, which is no failure. */
export async function syncFolder(file: string): Promise<void> {
  const handle = await open(dirname(file), "r");
  await flush(handle).catch(() => undefined);
  await handle.close();
}
