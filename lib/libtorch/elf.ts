import { closeSync, fstatSync, openSync, readdirSync, readFileSync, readSync } from "node:fs";
import { join } from "node:path";
import { reason, SsdError } from "../errors.js";

// To open a library that was cut off ends the process with a signal: the linker maps it unseen.

/**
 * Holds the libraries of a LibTorch folder to their own headers, and to this system.
 *
 * @throws SsdError NO_LIBTORCH naming the file.
 */
export function checkLibraries(folder: string): void {
  const lib = join(folder, "lib");
  const present = readdirSync(lib).filter((name) => /\.so(\.\d+)*$/.test(name));
  for (const name of new Set([...needed, ...present])) {
    const file = join(lib, name);
    const why = faultOf(file);
    if (why === undefined) continue;
    throw new SsdError(
      "NO_LIBTORCH",
      `expected the libraries of a LibTorch, got ${file}: ${why}; "ssd-distill libtorch install" installs one that fits`,
    );
  }
}

const needed = ["libtorch.so", "libtorch_cpu.so", "libc10.so"];

function faultOf(file: string): string | undefined {
  try {
    // One of a few kilobytes, with the name of the libc that all of them need.
    const musl = file.endsWith("libtorch.so") && readFileSync(file).includes("libc.musl-");
    return musl ? "built for musl, not for glibc" : damageOf(file);
  } catch (error) {
    return reason(error);
  }
}

const machines: Partial<Record<NodeJS.Architecture, number>> = { x64: 62, arm64: 183 };

/**
 * What is wrong with a shared library, from its ELF headers alone: whether all that they say is loaded
 * is there.
 *
 * @returns The reason, or nothing.
 */
export function damageOf(path: string): string | undefined {
  const file = openSync(path, "r");
  try {
    const size = fstatSync(file).size;
    const header = read(file, 0, 64);
    if (header === undefined || header.readUInt32BE(0) !== 0x7f454c46) return "no shared library";
    const [bits, order] = [header[4], header[5]];
    if (bits !== 2 || order !== 1 || header.readUInt16LE(18) !== machines[process.arch]) {
      return `a library for another processor than ${process.arch}`;
    }
    const end = endOfSegments(file, header);
    if (end === undefined || end > size) return `cut off after ${size} bytes`;
    return undefined;
  } finally {
    closeSync(file);
  }
}

/** Where the last of a library's segments ends in the file. */
function endOfSegments(file: number, header: Buffer): number | undefined {
  const start = Number(header.readBigUInt64LE(32));
  const [length, count] = [header.readUInt16LE(54), header.readUInt16LE(56)];
  const table = read(file, start, length * count);
  if (table === undefined || length < 56) return undefined;
  let end = 0;
  for (let i = 0; i < count; i++) {
    const at = i * length;
    const from = table.readBigUInt64LE(at + 8);
    end = Math.max(end, Number(from + table.readBigUInt64LE(at + 32)));
  }
  return end;
}

function read(file: number, position: number, length: number): Buffer | undefined {
  // What a damaged header asks for.
  if (position + length > fstatSync(file).size) return undefined;
  const buffer = Buffer.alloc(length);
  return readSync(file, buffer, 0, length, position) === length ? buffer : undefined;
}
