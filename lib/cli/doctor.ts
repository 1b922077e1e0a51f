import { existsSync, readFileSync } from "node:fs";
import os from "node:os";
import type { Command } from "commander";
import { reason } from "../errors.js";
import type { Libtorch } from "../libtorch/locate.js";
import { type EngineInfo, findEngines, loadEngine } from "../native.js";
import { whereLibtorch } from "./libtorch.js";
import { print, printResult, table } from "./output.js";
import { packageVersion } from "./program.js";

/** What `doctor` finds out about this machine. */
export interface Diagnosis {
  version: string;
  os: string;
  node: string;
  cpu: { model: string; cores: number; features: string[] };
  /** Bytes of main memory. */
  memory: number;
  /** The engine's file, null when none is there or it cannot be loaded. */
  engine: string | null;
  /** The LibTorch in use, null when none fits. */
  libtorch: { path: string; version: string; source: Libtorch["source"] } | null;
  cuda: boolean;
  devices: string[];
  threads: number;
  /** What is missing, each with what to do about it. */
  problems: string[];
}

/** Registers `doctor`. */
export function doctorCommand(program: Command): void {
  program
    .command("doctor")
    .description("say what works on this machine and what is missing")
    .option("--json", "print one JSON object")
    .action((options: { json?: boolean }) => {
      const diagnosis = diagnose();
      printResult(diagnosis, options, asText);
      // Not an exception: all there is to say was said.
      if (diagnosis.problems.length > 0) process.exitCode = 1;
    });
}

/** Looks at everything this package needs; works when nothing of it is there. */
export function diagnose(): Diagnosis {
  const problems: string[] = [];
  const attempt = <T>(work: () => T): T | null => {
    try {
      return work();
    } catch (error) {
      if (!problems.includes(reason(error))) problems.push(reason(error));
      return null;
    }
  };
  const engines = attempt(findEngines);
  const found = attempt(whereLibtorch);
  // Loading is tried only with both, as it would repeat what is missing.
  const info = engines && found ? attempt(() => loadEngine().engine.info()) : null;
  if (found !== null && !found.cuda && existsSync("/proc/driver/nvidia/version")) {
    problems.push(
      `this machine has an NVIDIA GPU, but LibTorch ${found.version} at ${found.path} is for the CPU; ` +
        "set LIBTORCH to one for CUDA",
    );
  }
  return {
    version: packageVersion(),
    os: `${os.type()} ${os.release()} ${os.arch()}`,
    node: process.version,
    cpu: cpu(),
    memory: os.totalmem(),
    engine: info && engines && found ? engineFor(engines, found) : null,
    libtorch: found && { path: found.path, version: found.version, source: found.source },
    ...(info ? engineFacts(info) : withoutEngine()),
    problems,
  };
}
