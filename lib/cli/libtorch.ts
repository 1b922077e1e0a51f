import type { Command } from "commander";
import { hasExplicitLibtorch, type Libtorch, locateLibtorch } from "../libtorch/locate.js";
import { minorOf, pinnedVersion } from "../libtorch/version.js";
import { findEngines } from "../native.js";
import { interruption } from "./exit.js";
import { note, printResult, table } from "./output.js";

/** Registers `libtorch where` and `libtorch install`. */
export function libtorchCommand(program: Command): void {
  const libtorch = program
    .command("libtorch")
    .description("find or install LibTorch, the library that computes");
  libtorch
    .command("where")
    .description("print which LibTorch is used")
    .option("--build", "the one to build the engine with: LIBTORCH of any version, else the pinned")
    .option("--json", "print one JSON object")
    .action((options: WhereOptions) => printResult(whereLibtorch(options), options, asTable));
  libtorch
    .command("install")
    .description(`put LibTorch ${pinnedVersion} for the CPU into the cache`)
    .option("--file <archive>", "take it from a LibTorch ZIP or PyTorch wheel")
    .option("--url <address>", "download it from there, for example a mirror")
    .option("--sha256 <digest>", "what the file or the download must have")
    .option("--json", "print one JSON object")
    .action(install);
}

interface WhereOptions {
  build?: boolean;
  json?: boolean;
}

/** The LibTorch that this package loads, or with `build` the one to build an engine for. */
export function whereLibtorch({ build }: WhereOptions = {}): Libtorch {
  return locateLibtorch({ versions: build ? versionsToBuild() : versionsToLoad() });
}

/** An engine can be built for any version that somebody names; nobody's choice is the pinned one. */
function versionsToBuild(): string[] | undefined {
  return hasExplicitLibtorch() ? undefined : [minorOf(pinnedVersion)];
}

function versionsToLoad(): string[] {
  try {
    return [...findEngines().keys()];
  } catch {
    // No engine yet, as before the first build: then it is the pinned version that will fit.
    return [minorOf(pinnedVersion)];
  }
}

interface InstallFlags {
  file?: string;
  url?: string;
  sha256?: string;
  json?: boolean;
}

async function install({ json, ...from }: InstallFlags): Promise<void> {
  const { installLibtorch } = await import("../libtorch/install.js");
  const onProgress = (line: string) => note(`libtorch: ${line}`);
  const installed = await installLibtorch({ ...from, onProgress, signal: interruption() });
  printResult(installed, { json }, asTable);
}

function asTable({ path, version, source, cuda }: Libtorch): string {
  return table([
    ["path", path],
    ["version", version],
    ["source", source],
    ["cuda", cuda ? "yes" : "no"],
  ]);
}
