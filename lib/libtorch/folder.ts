import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** What a LibTorch folder says about itself. */
export interface FolderFacts {
  /** With its local part, for example `2.13.0+cpu`. */
  version: string;
  /** Whether it holds the CUDA libraries. */
  cuda: boolean;
}

/**
 * Reads what LibTorch a folder holds, from its text files alone: opening the library to ask it
 * would bind this process to it.
 *
 * @returns The facts, or the reason why the folder is no LibTorch.
 */
export function readFolder(path: string): FolderFacts | string {
  if (!existsSync(path)) return "no such folder";
  if (!statSync(path).isDirectory()) return "not a folder";
  if (!existsSync(join(path, "lib", "libtorch.so"))) return "no lib/libtorch.so in it";
  const version = versionOf(path);
  if (version === undefined) {
    return "no version in it (version.py, build-version or include/torch/headeronly/version.h)";
  }
  return { version, cuda: existsSync(join(path, "lib", "libtorch_cuda.so")) };
}

/** Where a version stands: a wheel's file, a ZIP's file, the headers of 2.9 and newer, and older. */
const sources: readonly { file: string; parse: (text: string) => string | undefined }[] = [
  { file: "version.py", parse: (text) => /__version__\s*=\s*["']([^"']+)/.exec(text)?.[1] },
  { file: "build-version", parse: (text) => text.trim() },
  { file: "include/torch/headeronly/version.h", parse: fromHeader },
  { file: "include/torch/csrc/api/include/torch/version.h", parse: fromHeader },
];

function versionOf(path: string): string | undefined {
  for (const { file, parse } of sources) {
    const full = join(path, file);
    if (!existsSync(full)) continue;
    const version = parse(readFileSync(full, "utf8"));
    if (version !== undefined && /^\d+\.\d+\.\d+/.test(version)) return version;
  }
  return undefined;
}

function fromHeader(text: string): string | undefined {
  const parts = ["MAJOR", "MINOR", "PATCH"].map(
    (part) => new RegExp(`#define TORCH_VERSION_${part} (\\d+)`).exec(text)?.[1],
  );
  return parts.includes(undefined) ? undefined : parts.join(".");
}
