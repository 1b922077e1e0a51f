import type { Command } from "commander";
import { fittingMinors } from "../libtorch/engines.js";
import {
  everyLibtorch,
  hasExplicitLibtorch,
  type Libtorch,
  locateLibtorch,
} from "../libtorch/locate.js";
import { removeLibtorch } from "../libtorch/remove.js";
import { minorOf, pinnedVersion } from "../libtorch/version.js";
import { interruption } from "./exit.js";
import { note, printResult, table } from "./output.js";

/** Registers `libtorch where`, `list`, `install` and `remove`. */
export function libtorchCommand(program: Command): void {
  const libtorch = program
    .command("libtorch")
    .description("find, install or remove LibTorch, the library that computes");
  libtorch
    .command("where")
    .description("print which LibTorch is used")
    .option("--build", "the one to build the engine with: LIBTORCH of any version, else the pinned")
    .option("--json", "print one JSON object")
    .action((options: WhereOptions) => printResult(whereLibtorch(options), options, asTable));
  libtorch
    .command("list")
    .description("every LibTorch that is found, and which of them is used")
    .option("--json", "print one JSON object")
    .action((options: { json?: boolean }) => printResult(listLibtorch(), options, asList));
  libtorch
    .command("remove")
    .description("remove one from the cache")
    .argument("<name>", "its folder there, such as 2.13.0 or 2.13.0+cu130")
    .option("--json", "print one JSON object")
    .action((name: string, options: { json?: boolean }) =>
      printResult(
        { removed: removeLibtorch(name) },
        options,
        ({ removed }) => `removed ${removed}`,
      ),
    );
  libtorch
    .command("install")
    .description(`put LibTorch into the cache: ${pinnedVersion} for the CPU, unless told otherwise`)
    .option("--version <version>", "another one that an engine here is for")
    .option("--cuda <version>", "the one for this CUDA, such as 13.0")
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
  return locateLibtorch({ versions: build ? versionsToBuild() : fittingMinors() });
}

/** An engine can be built for any version that somebody names; nobody's choice is the pinned one. */
function versionsToBuild(): string[] | undefined {
  return hasExplicitLibtorch() ? undefined : [minorOf(pinnedVersion)];
}

/** A LibTorch that was found, and what it is to this package. */
interface Listed extends Libtorch {
  /** Whether there is an engine for it. */
  fits: boolean;
  /** Whether it is the one that is loaded. */
  used: boolean;
}

function listLibtorch(): { found: Listed[] } {
  const minors = fittingMinors();
  const used = usedPath();
  const found = everyLibtorch().map((libtorch) => ({
    ...libtorch,
    fits: minors.includes(minorOf(libtorch.version)),
    used: libtorch.path === used,
  }));
  return { found };
}

function usedPath(): string | undefined {
  try {
    return whereLibtorch().path;
  } catch {
    // None is; `where` says why.
    return undefined;
  }
}

function asList({ found }: { found: Listed[] }): string {
  if (found.length === 0) return 'none: "ssd-distill libtorch install" installs one';
  return table(
    found.map(({ version, source, path, fits, used }) => [
      version,
      used ? "used" : fits ? "fits" : "no engine for it",
      source,
      path,
    ]),
  );
}

interface InstallFlags {
  version?: string;
  cuda?: string;
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
