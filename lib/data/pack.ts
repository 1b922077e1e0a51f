import { createHash } from "node:crypto";
import { mkdir, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { reason, SsdError } from "../errors.js";
import type { PackIndex } from "../native-pictures.js";
import type { Dataset, Item } from "./dataset.js";
import { fittedTo, pictureList } from "./fitted.js";
import { buildPack, checksums, type PackCounts } from "./pack-build.js";
import type { PackEvent } from "./pack-events.js";
import { packVersion } from "./pack-format.js";
import {
  type PackedPicture,
  type PackFile,
  readPackFile,
  refreshTruths,
  type Source,
  sameSource,
  withFile,
} from "./pack-index.js";
import { PartialPack } from "./pack-partial.js";
import { NoSpaceError } from "./pack-space.js";
import { inOrder } from "./parallel.js";
import { decodingOf, type Measured, measure, pixelBytes } from "./pixels.js";

/** Decoded pictures of a data set in one file, for the engine to map into memory. */
export interface Pack {
  /** The file. */
  path: string;
  /** Its bytes. */
  bytes: number;
  /** Pictures that were decoded for it now. */
  decoded: number;
  /** Pictures that were there already. */
  reused: number;
  /**
   * The data set with every size as it was decoded (before it was shrunk), and the truths clipped to
   * it. What that takes away stands in `problems`.
   */
  dataset: Dataset;
  /**
   * What the engine takes, of all pictures or of those in `part`: boxes in the pixels of the file.
   * Without `ignored` only what is trained on, no difficult truths, no crowds.
   */
  index(options: { ignored: boolean; part?: readonly number[] }): PackIndex;
}

export interface PackOptions {
  /** Folder for the file; it is made when it is not there. */
  dir: string;
  /** Pictures whose longer side has more pixels are shrunk to it. */
  maxSide?: number;
  /** Holds every picture that is there against its checksum, and decodes damaged ones again. */
  verify?: boolean;
  /** Called with what is told on the way; nothing is when the pack was there. */
  onEvent?: (event: PackEvent) => void;
  /** Stops the work. What is done by then is found by the next attempt. */
  signal?: AbortSignal;
}

/**
 * Decodes every picture once (upright, sRGB, 8 bits, no alpha) into one file in `dir`.
 *
 * The file is named by the pictures' paths and by how they are decoded, and knows its sources: the
 * same pictures find it again and are not decoded twice, changed ones (bytes or time of change) are
 * decoded again and the others copied. It appears whole or not at all; an attempt that was interrupted
 * is gone on with. Other boxes on the same pictures change its index alone.
 *
 * @throws SsdError BAD_DATA naming a picture that cannot be decoded, the file that cannot be written,
 *   or the folder that has too little space ({@link NoSpaceError}); CANCELLED
 */
export async function packDataset(dataset: Dataset, options: PackOptions): Promise<Pack> {
  const { items, spec } = dataset;
  if (items.length === 0) {
    throw new SsdError("BAD_DATA", `${spec}: expected at least one usable picture, got none`);
  }
  const { dir, maxSide } = options;
  const decoding = decodingOf(dataset, maxSide);
  const path = join(resolve(dir), `${nameOf(items, decoding)}.pack`);
  const sources = await sourcesOf(items);
  for (;;) {
    const found = await readPackFile(path);
    const sound = found && (await soundOf(found, sources, options));
    if (found !== undefined && sound!.every((picture) => picture !== undefined)) {
      return await opened(found, dataset, { decoded: 0, reused: items.length });
    }
    const work = { ...options, dataset, decoding, sources };
    const counts = await writing(path, () => make(path, work, sound));
    if (counts !== undefined) return await opened(await written(path), dataset, counts);
    // Somebody else made it meanwhile, or began and gave up.
  }
}

async function written(path: string): Promise<PackFile> {
  const made = await readPackFile(path);
  if (made !== undefined) return made;
  throw new SsdError(
    "BAD_DATA",
    `${path}: expected the pack that was just written, got another file`,
  );
}

/** Everything that decides what is in the file but the pictures' contents, as a name. */
function nameOf(items: readonly Item[], decoding: string): string {
  const hash = createHash("sha256").update(`pack ${packVersion} ${decoding}\n`);
  for (const { image, width, height } of items) {
    // The annotated size decides which way up a picture is decoded.
    hash.update(`${JSON.stringify([resolve(image), width, height])}\n`);
  }
  return hash.digest("hex");
}

async function sourcesOf(items: readonly Item[]): Promise<Source[]> {
  const look = async ({ image }: Item) => {
    try {
      return await stat(image);
    } catch (error) {
      const message = `${image}: expected a picture, got: ${reason(error)}`;
      throw new SsdError("BAD_DATA", message, { cause: error });
    }
  };
  const sources: Source[] = [];
  for await (const { size, mtimeMs } of inOrder(items, 32, look)) {
    sources.push({ bytes: size, mtimeMs });
  }
  return sources;
}

/** Pictures of a pack that are as their sources are now and, with `verify`, undamaged. */
async function soundOf(
  { path, pictures }: PackFile,
  sources: readonly Source[],
  { verify, onEvent, signal }: PackOptions,
): Promise<(PackedPicture | undefined)[]> {
  const sound = pictures.map((picture, i) =>
    sameSource(picture, sources[i]!) ? picture : undefined,
  );
  if (!verify) return sound;
  const kept = sound.filter((picture) => picture !== undefined);
  const parts = kept.map((picture) => ({ offset: picture.offset, bytes: pixelBytes(picture) }));
  const damaged = new Set<PackedPicture>();
  await withFile(path, "r", async (handle) => {
    let done = 0;
    for await (const crc of checksums(handle, parts, signal)) {
      const picture = kept[done++]!;
      if (crc !== picture.crc) damaged.add(picture);
      onEvent?.({ kind: "verify", done, total: kept.length });
    }
  });
  return sound.map((picture) => (picture && damaged.has(picture) ? undefined : picture));
}

type Work = PackOptions & { dataset: Dataset; decoding: string; sources: readonly Source[] };

/** Makes the file; undefined when somebody else did. */
async function make(
  path: string,
  work: Work,
  sound: (PackedPicture | undefined)[] | undefined,
): Promise<PackCounts | undefined> {
  const { dir, maxSide, signal, onEvent = () => undefined } = work;
  await mkdir(dir, { recursive: true });
  const onWait = (file: string) => onEvent({ kind: "wait", file });
  const partial = await PartialPack.claim(path, onWait, signal);
  if (partial === undefined) return undefined;
  try {
    const sizes = await sizesOf(work.dataset, sound, maxSide);
    const old = sound && { path, pictures: sound };
    const counts = await buildPack(partial, { ...work, sizes, old, onEvent, signal });
    return (await partial.finish()) ? counts : undefined;
  } catch (error) {
    // A disk that is full is given back what was taken.
    await partial.leave(!isFull(error));
    throw error;
  }
}

async function sizesOf(
  dataset: Dataset,
  sound: readonly (PackedPicture | undefined)[] | undefined,
  maxSide: number | undefined,
): Promise<Measured[]> {
  const unknown = [...dataset.items.keys()].filter((i) => sound?.[i] === undefined);
  const measured = await measure(dataset, maxSide, unknown);
  const found = new Map(unknown.map((i, at) => [i, measured[at]!]));
  return dataset.items.map((_, i) => {
    const { width, height, held } = found.get(i) ?? sound![i]!;
    return { width, height, held };
  });
}

function isFull(error: unknown): boolean {
  return error instanceof NoSpaceError || (error as NodeJS.ErrnoException)?.code === "ENOSPC";
}

/** What the file system says of writing, as a sentence about the file. */
async function writing<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    // It has a system call; all else is not about writing.
    if (!(error instanceof Error && "syscall" in error)) throw error;
    const message = `expected to write the decoded pictures there, got: ${reason(error)}`;
    if (isFull(error)) throw new NoSpaceError(path, message, { cause: error });
    throw new SsdError("BAD_DATA", `${path}: ${message}`, { cause: error });
  }
}

async function opened(file: PackFile, dataset: Dataset, counts: PackCounts): Promise<Pack> {
  const { path, bytes, pictures } = file;
  const fitted = fittedTo(dataset, pictures);
  await writing(path, () => refreshTruths(file, fitted));
  return {
    path,
    bytes,
    ...counts,
    dataset: fitted,
    index: ({ ignored, part = [...pictures.keys()] }) => ({
      file: path,
      offsets: Float64Array.from(part, (i) => pictures[i]!.offset),
      crcs: Uint32Array.from(part, (i) => pictures[i]!.crc),
      ...pictureList(fitted, pictures, part, { ignored }),
    }),
  };
}
