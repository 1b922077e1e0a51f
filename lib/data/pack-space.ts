import { statfs } from "node:fs/promises";
import { freemem } from "node:os";
import { SsdError } from "../errors.js";

/** The disk is too small for a pack. */
export class NoSpaceError extends SsdError {
  constructor(dir: string, message: string, options?: ErrorOptions) {
    super(
      "BAD_DATA",
      `${dir}: ${message}; SSD_DISTILL_CACHE names another folder, --max-side shrinks the pictures, --cache none needs no disk`,
      options,
    );
  }
}

/** Bytes that may still be written in a folder. */
export async function freeSpace(dir: string): Promise<number> {
  const { bavail, bsize } = await statfs(dir);
  return bavail * bsize;
}

/** Bytes of memory this process may still take: of the machine, or of what it is held to. */
export function freeMemory(): number {
  const limit = process.constrainedMemory();
  // No limit is 0, or more than any machine has.
  const own = limit > 0 ? limit - process.memoryUsage.rss() : Number.POSITIVE_INFINITY;
  return Math.min(freemem(), own);
}

/** `2.81 GB`, `640 KB`: three digits, powers of 1000 as disks are sold. */
export function inBytes(count: number): string {
  const units = ["bytes", "KB", "MB", "GB", "TB"];
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(count, 1)) / 3));
  return `${Number((count / 1000 ** power).toPrecision(3))} ${units[power]}`;
}
