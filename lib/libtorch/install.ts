import { rmSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { reason, SsdError } from "../errors.js";
import { downloadUrl, sha256Of, type Watch } from "./download.js";
import { fittingMinors } from "./engines.js";
import { FinalError } from "./failures.js";
import { type FolderFacts, readFolder } from "./folder.js";
import { type Libtorch, libtorchCache } from "./locate.js";
import { downloadWheel } from "./pip.js";
import { unpackArchive } from "./unpack.js";
import { archiveOf, checksums, kindOf, minorOf, pinnedVersion } from "./version.js";

/** Where {@link installLibtorch} takes LibTorch from. */
export interface InstallOptions {
  /** Of PyTorch's own archives, which: `2.13.0` by default; an engine of this package must fit. */
  version?: string;
  /** The one for this version of CUDA, such as `13.0`; by default the one for the CPU. */
  cuda?: string;
  /** A LibTorch ZIP or PyTorch wheel on this machine, instead of a download. */
  file?: string;
  /** Address of a LibTorch ZIP or PyTorch wheel, for example of a mirror. */
  url?: string;
  /** What the file or the download must have; by default the known one of its name, if any. */
  sha256?: string;
  /** Takes a line of progress for people. */
  onProgress?: (line: string) => void;
  signal?: AbortSignal;
}

/**
 * Puts LibTorch into the cache, where `locateLibtorch` finds it. Without `file` and `url` it does
 * nothing when the pinned version is there; else it downloads PyTorch's CPU archive, and where
 * that cannot be reached has pip fetch the wheel of the same version.
 *
 * The folder appears as a whole or not at all; installs at the same time do not disturb each other.
 *
 * @throws SsdError NO_LIBTORCH naming the file and what is wrong with it; BAD_OPTION; CANCELLED.
 */
export async function installLibtorch(options: InstallOptions = {}): Promise<Libtorch> {
  checkOptions(options);
  const explicit = options.file !== undefined || options.url !== undefined;
  const { version = pinnedVersion, cuda } = options;
  const present = soundFolder(join(libtorchCache(), folderOf(`${version}+${kindOf(cuda)}`)));
  if (!explicit && present !== undefined) return present;
  const watch: Watch = { onProgress: options.onProgress ?? (() => {}), signal: options.signal };
  try {
    return await inTemporaryFolder(async (folder) => {
      const archive = await fetchArchive(options, folder, watch);
      await verify(archive, options, watch);
      watch.onProgress(`unpacking ${archive}`);
      const tree = join(folder, "tree");
      const facts = await unpack(archive, tree, options.signal);
      return await settle(tree, facts, { replace: explicit, aside: join(folder, "old") });
    });
  } catch (error) {
    if (options.signal?.aborted) {
      throw new SsdError("CANCELLED", "the installation of LibTorch was stopped", { cause: error });
    }
    if (error instanceof SsdError) throw error;
    throw new SsdError(
      "NO_LIBTORCH",
      `LibTorch could not be installed in ${libtorchCache()}: ${reason(error)}`,
      { cause: error },
    );
  }
}

function checkOptions({ file, url, sha256, version, cuda }: InstallOptions): void {
  const refuse = (sentence: string) => {
    throw new SsdError("BAD_OPTION", `libtorch install: ${sentence}`);
  };
  const given = file ?? url;
  if (file !== undefined && url !== undefined) refuse("expected a file or a url, got both");
  if (given !== undefined && (version ?? cuda) !== undefined) {
    refuse(`version and cuda choose among PyTorch's archives, got them with ${given}`);
  }
  if (sha256 !== undefined && given === undefined) {
    refuse("sha256 needs the file or url it belongs to");
  }
  if (sha256 !== undefined && !/^[0-9a-f]{64}$/i.test(sha256)) {
    refuse(`expected a sha256 of 64 hexadecimal digits, got ${JSON.stringify(sha256)}`);
  }
  if (cuda !== undefined && !/^\d+\.\d$/.test(cuda)) {
    refuse(`expected a CUDA version such as 13.0, got ${JSON.stringify(cuda)}`);
  }
  if (version === undefined) return;
  const minors = acceptedMinors();
  if (!/^\d+\.\d+\.\d+$/.test(version) || !minors.includes(minorOf(version))) {
    const wanted = minors.map((minor) => `${minor}.x`).join(" or ");
    refuse(
      `expected a version ${wanted}, for which there is an engine, got ${JSON.stringify(version)}`,
    );
  }
}

/** Those that engines here are for, and the pinned one: an engine for it may be what comes next. */
function acceptedMinors(): string[] {
  return [...new Set([minorOf(pinnedVersion), ...fittingMinors()])];
}

/** What a version's folder in the cache is called: one for the CPU, which most are, by its number alone. */
function folderOf(version: string): string {
  return version.replace(/\+cpu$/, "");
}

function soundFolder(path: string): Libtorch | undefined {
  const facts = readFolder(path);
  return typeof facts === "string" ? undefined : { path, ...facts, source: "cache" };
}

/** Runs `work` with a folder beside the destination (a rename needs one file system). */
async function inTemporaryFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const parent = libtorchCache();
  await mkdir(parent, { recursive: true });
  await sweep(parent);
  const folder = await mkdtemp(join(parent, ".install-"));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  // A signal ends the process between two awaits; `finally` does not run then.
  process.once("exit", remove);
  try {
    return await work(folder);
  } finally {
    process.off("exit", remove);
    await rm(folder, { recursive: true, force: true });
  }
}

/** Removes what killed installs and broken downloads left; a day is longer than any install. */
async function sweep(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    if (!/^\.(install|partial)-/.test(name)) continue;
    const path = join(parent, name);
    const born = await stat(path).catch(() => undefined);
    if (born !== undefined && Date.now() - born.mtimeMs > 86_400_000) {
      await rm(path, { recursive: true, force: true });
    }
  }
}

async function fetchArchive(
  { file, url, version = pinnedVersion, cuda }: InstallOptions,
  folder: string,
  watch: Watch,
): Promise<string> {
  if (file !== undefined) return resolve(file);
  const address = url ?? archiveOf(version, cuda);
  watch.onProgress(`downloading ${address}`);
  const places = { folder, kept: libtorchCache() };
  try {
    return await downloadUrl(address, places, watch);
  } catch (failed) {
    watch.signal?.throwIfAborted();
    // Wheels for CUDA come without CUDA's libraries.
    if (url !== undefined || cuda !== undefined || version !== pinnedVersion) throw failed;
    watch.onProgress(`${reason(failed)}; asking pip for the same version`);
    try {
      return await downloadWheel(folder, watch);
    } catch (error) {
      throw new SsdError(
        "NO_LIBTORCH",
        `LibTorch ${pinnedVersion} could not be downloaded (${reason(failed)}; ${reason(error)}): ` +
          'fetch the archive on another machine and run "ssd-distill libtorch install --file FILE"',
        { cause: error },
      );
    }
  }
}

async function verify(archive: string, options: InstallOptions, watch: Watch): Promise<void> {
  const expected = (options.sha256 ?? checksums[basename(archive)])?.toLowerCase();
  if (expected === undefined) {
    const file = basename(archive);
    return watch.onProgress(
      `no sha256 of ${file} is known: it is held to the checksums inside alone`,
    );
  }
  const got = await sha256Of(archive).catch((error) => refuse(archive, reason(error)));
  if (got !== expected) refuse(options.url ?? archive, `its sha256 is ${got}, not ${expected}`);
}

function refuse(archive: string, why: string): never {
  throw new SsdError("NO_LIBTORCH", `expected a LibTorch ZIP or WHL, got ${archive}: ${why}`);
}

/** Unpacks an archive and holds what came to what this package can load. */
async function unpack(archive: string, tree: string, signal?: AbortSignal): Promise<FolderFacts> {
  await mkdir(tree);
  await unpackArchive(archive, tree, signal).catch((error) => {
    // A full disk says nothing against the archive.
    if (error instanceof FinalError || /ENOSPC|EDQUOT/.test(reason(error))) throw error;
    refuse(archive, reason(error));
  });
  const facts = readFolder(tree);
  if (typeof facts === "string") refuse(archive, facts);
  const minors = acceptedMinors();
  if (!minors.includes(minorOf(facts.version))) {
    refuse(archive, `it holds version ${facts.version}, not ${minors.join(" or ")}`);
  }
  const files = await readdir(join(tree, "lib"));
  if (facts.cuda && !files.some((name) => name.startsWith("libcudart"))) {
    refuse(
      archive,
      "it needs CUDA libraries that are not in it; take PyTorch's LibTorch ZIP for CUDA, or set " +
        "LIBTORCH to the torch folder of a Python that has it installed",
    );
  }
  return facts;
}

/** Moves a finished folder to its place in one step. */
async function settle(
  tree: string,
  facts: FolderFacts,
  { replace, aside }: { replace: boolean; aside: string },
): Promise<Libtorch> {
  const path = join(libtorchCache(), folderOf(facts.version));
  for (let attempt = 0; ; attempt++) {
    try {
      await rename(tree, path);
      return { path, ...facts, source: "cache" };
    } catch (error) {
      if (!/ENOTEMPTY|EEXIST|ENOTDIR/.test(reason(error)) || attempt === 9) throw error;
    }
    // Another install was quicker, and its folder may be in use.
    const present = replace ? undefined : soundFolder(path);
    if (present !== undefined) return present;
    await rename(path, `${aside}${attempt}`).catch(() => {});
  }
}
