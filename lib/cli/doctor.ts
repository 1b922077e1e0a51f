import { existsSync, readFileSync } from "node:fs";
import os from "node:os";
import type { Command } from "commander";
import { jpegDecoder } from "../data/jpeg.js";
import { reason } from "../errors.js";
import { findEngines } from "../libtorch/engines.js";
import type { Libtorch } from "../libtorch/locate.js";
import { hasNvidiaDriver } from "../libtorch/trial.js";
import { minorOf } from "../libtorch/version.js";
import { loadEngine } from "../native.js";
import { packageVersion } from "../package.js";
import { whereLibtorch } from "./libtorch.js";
import { printResult, table } from "./output.js";

/** What `doctor` finds out about this machine. */
export interface Diagnosis {
  version: string;
  os: string;
  node: string;
  cpu: { model: string; cores: number; features: string[] };
  /** Bytes of main memory. */
  memory: number;
  /** The engine's file; null when none is there or it cannot be loaded. */
  engine: string | null;
  /** The LibTorch in use; null when none fits. */
  libtorch: { path: string; version: string; source: Libtorch["source"] } | null;
  cuda: boolean;
  devices: string[];
  threads: number;
  /** What most JPEGs are decoded by. */
  jpeg: ReturnType<typeof jpegDecoder>;
  /** What is missing, each with what to do about it. */
  problems: string[];
  /** What works but could be better. */
  hints: string[];
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
      problems.push(reason(error));
      return null;
    }
  };
  const engines = attempt(findEngines);
  const located = attempt(whereLibtorch);
  // Loading is tried only with both: it would say again what is missing.
  const loaded = engines && located ? attempt(loadEngine) : null;
  const libtorch = loaded?.libtorch ?? located;
  const info = loaded?.engine.info();
  return {
    version: packageVersion(),
    os: `${os.type()} ${os.release()} ${os.arch()}`,
    node: process.version,
    cpu: describeCpu(),
    memory: os.totalmem(),
    engine: (info && libtorch && engines?.get(minorOf(libtorch.version))?.engine) ?? null,
    libtorch: libtorch && {
      path: libtorch.path,
      version: libtorch.version,
      source: libtorch.source,
    },
    cuda: info?.cuda ?? false,
    devices: info?.devices ?? [],
    threads: info?.threads ?? os.availableParallelism(),
    jpeg: jpegDecoder(),
    problems,
    hints: [...(libtorch ? gpuHints(libtorch, loaded?.withoutCuda) : []), ...jpegHints()],
  };
}

function jpegHints(): string[] {
  if (jpegDecoder() === "libjpeg-turbo") return [];
  return ["with libturbojpeg (Debian: libturbojpeg0) JPEGs are decoded in half the time"];
}

function gpuHints({ cuda, version }: Libtorch, withoutCuda: string | undefined): string[] {
  if (withoutCuda !== undefined) {
    return [`all is computed on the CPU, not by CUDA: ${withoutCuda}`];
  }
  if (cuda || !hasNvidiaDriver()) return [];
  return [
    `this machine has an NVIDIA GPU, but LibTorch ${version} is for the CPU; ` +
      '"ssd-distill libtorch install --cuda 13.0" installs one for it',
  ];
}

// The instructions that LibTorch's kernels are chosen by: a slow machine often lacks one of them.
const features = /^(avx2|fma|f16c|avx512f|avx512_vnni|avx512_bf16|amx_bf16|amx_int8)$/;

function describeCpu(): Diagnosis["cpu"] {
  const file = "/proc/cpuinfo";
  const text = existsSync(file) ? readFileSync(file, "utf8") : "";
  const flags = /^flags\s*:(.*)$/m.exec(text)?.[1] ?? "";
  return {
    model: os.cpus()[0]?.model.trim() ?? "unknown",
    cores: os.availableParallelism(),
    features: flags.split(" ").filter((flag) => features.test(flag)),
  };
}

function asText(found: Diagnosis): string {
  const { cpu, libtorch } = found;
  const rows = table([
    ["ssd-distill", found.version],
    ["system", found.os],
    ["node", found.node],
    ["cpu", `${cpu.model}, ${cpu.cores} cores (${cpu.features.join(" ") || "no AVX2"})`],
    ["memory", `${(found.memory / 2 ** 30).toFixed(1)} GiB`],
    ["engine", found.engine ?? "not loaded"],
    ["libtorch", libtorch ? `${libtorch.version} at ${libtorch.path}` : "missing"],
    ["cuda", found.cuda ? "yes" : "no"],
    ["devices", found.devices.join(", ") || "none"],
    ["threads", String(found.threads)],
    ["jpeg", found.jpeg],
  ]);
  const remarks = [
    ...found.problems.map((sentence) => `problem: ${sentence}`),
    ...found.hints.map((sentence) => `hint: ${sentence}`),
  ];
  return [rows, "", ...(remarks.length > 0 ? remarks : ["all well"])].join("\n");
}
