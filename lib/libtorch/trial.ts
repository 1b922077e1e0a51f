import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { SsdError } from "../errors.js";
import { packageRoot } from "../package.js";
import type { EngineFiles } from "./engines.js";
import type { Libtorch } from "./locate.js";

/** What a trial's process is told, as JSON. */
export interface TrialParts {
  libtorch: Libtorch;
  files: EngineFiles;
}

/** What it says on stdout, a line each: first that all is loaded, then what CUDA did. */
export type TrialLine =
  | { loaded: true }
  | { devices: string[]; failed?: string }
  | { error: string };

// Inherited by workers and forks: what one process of a program has tried, the others need not.
const tried = "SSD_DISTILL_CUDA_TRIED";

/**
 * Tries a LibTorch for CUDA in a process of its own, as a driver that does not fit may end the
 * process that asks for it.
 *
 * @returns Why CUDA cannot be used; nothing when it can.
 * @throws SsdError NO_LIBTORCH when this LibTorch cannot be loaded at all.
 */
export function tryCuda(parts: TrialParts): string | undefined {
  const { libtorch, files } = parts;
  const key = `${libtorch.path} ${files.engine}`;
  if (process.env[tried] === key) return undefined;
  const script = join(packageRoot, "dist", "libtorch", "trial-process.js");
  const run = spawnSync(process.execPath, [script, JSON.stringify(parts)], {
    encoding: "utf8",
    timeout: 120_000,
  });
  const lines = (run.stdout ?? "").split("\n").filter((line) => line.startsWith("{"));
  const said = Object.assign({}, ...lines.map((line) => JSON.parse(line)));
  const end = run.error?.message ?? run.signal ?? `exit code ${run.status}`;
  if (said.error !== undefined) throw new SsdError("NO_LIBTORCH", said.error);
  if (!said.loaded) {
    throw new SsdError(
      "NO_LIBTORCH",
      `LibTorch ${libtorch.version} at ${libtorch.path} cannot be loaded, a process that tried ended with ${end}; ` +
        '"ssd-distill libtorch install" installs one for the CPU',
    );
  }
  if (said.devices === undefined) return `CUDA that ends the process that asks for it (${end})`;
  if (said.failed !== undefined) return `CUDA that fails: ${said.failed}`;
  if (said.devices.length === 0) return whyNone();
  process.env[tried] = key;
  return undefined;
}

function whyNone(): string {
  if (!hasNvidiaDriver()) return "a machine without an NVIDIA driver";
  const visible = process.env.CUDA_VISIBLE_DEVICES;
  return visible === undefined
    ? "an NVIDIA driver that shows no device"
    : `an NVIDIA driver that shows no device (CUDA_VISIBLE_DEVICES=${visible})`;
}

/** Whether this machine has NVIDIA's driver, asked without it. */
export function hasNvidiaDriver(): boolean {
  return existsSync("/proc/driver/nvidia/version") || existsSync("/dev/dxg");
}
