import { existsSync, readFileSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { SsdError } from "../errors.js";

/**
 * Holds this process to one LibTorch: two in one process share symbols, and what they compute is
 * anybody's guess. Asked before one is loaded (`none` may be there yet) and after.
 *
 * @param folder The LibTorch that is, or is about to be, loaded.
 * @throws SsdError NO_LIBTORCH naming both.
 */
export function requireOnlyLibtorch(folder: string, when: "before" | "after"): void {
  const mapped = mappedLibtorch();
  if (mapped === undefined) return;
  const own = realpathSync(join(folder, "lib", "libtorch_cpu.so"));
  const others = mapped.filter((path) => path !== own);
  if (others.length > 0) {
    throw new SsdError(
      "NO_LIBTORCH",
      `expected no LibTorch in this process but ${own}, got ${others.join(" and ")}, ` +
        "which another package has loaded: LIBTORCH may name its folder, or run one of them in a process of its own",
    );
  }
  if (when === "after" && mapped.length === 0) {
    throw new SsdError("NO_LIBTORCH", `expected ${own} in this process, got none`);
  }
}

/** Every libtorch_cpu of this process; nothing where the system does not tell. */
function mappedLibtorch(): string[] | undefined {
  const file = "/proc/self/maps";
  if (!existsSync(file)) return undefined;
  const found = readFileSync(file, "utf8").matchAll(/ (\/.*\/libtorch_cpu\.so[.\d]*)$/gm);
  return [...new Set([...found].map(([, path]) => path!))];
}
