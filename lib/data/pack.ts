import { createHash } from "node:crypto";
import { mkdir, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { reason, SsdError } from "../errors.js";
import type { PackIndex } from "../native.js";
import type { Dataset, Item, Problem, Truth } from "./dataset.js";
import { type PackTable, packVersion, readPackFile, writePackFile } from "./pack-file.js";
import { inOrder } from "./parallel.js";
import { type Decoded, decodePicture } from "./picture.js";
import { placeBox } from "./reader.js";

/** Pictures decoded at the same time; each holds its pixels until its turn to be written. */
const parallel = 4;

/** Decoded pictures of a data set in one file, for the engine to map into memory. */
export interface Pack {
  /** The file. */
  path: string;
  /**
   * The data set with every size as it was decoded, and the truths clipped to it. What that takes
   * away stands in `problems`.
   */
  dataset: Dataset;
  /** What the engine takes: without `ignored` only what is trained on, no difficult truths, no crowds. */
  index(options: { ignored: boolean }): PackIndex;
}

export interface PackOptions {
  /** Folder for the file; it is made when it is not there. */
  dir: string;
  /** Called after each picture that was decoded; not at all when the pack was there. */
  onProgress?: (done: number, total: number) => void;
  /** Stops the work, leaving nothing behind. */
  signal?: AbortSignal;
}

/**
 * Decodes every picture once (upright, sRGB, 8 bits, no alpha) into one file in `dir`.
 *
 * The file is named by its pictures (path, bytes, time of change): the same pictures find it again
 * and are not decoded twice, changed ones make another. It appears whole or not at all.
 *
 * @throws SsdError BAD_DATA naming a picture that cannot be decoded, or the file that cannot be
 *   written; CANCELLED
 */
export async function packDataset(dataset: Dataset, options: PackOptions): Promise<Pack> {
  const { items, spec } = dataset;
  if (items.length === 0) {
    throw new SsdError("BAD_DATA", `${spec}: expected at least one usable picture, got none`);
  }
  const path = join(options.dir, `${await keyOf(items)}.pack`);
  const table = (await readPackFile(path, items.length)) ?? (await write(path, items, options));
  const fitted = fittedTo(dataset, table);
  return {
    path,
    dataset: fitted,
    index: ({ ignored }) => indexOf(path, table, fitted.items, ignored),
  };
}

/** Everything that the pixels depend on, as a name. */
async function keyOf(items: readonly Item[]): Promise<string> {
  const hash = createHash("sha256").update(`pack ${packVersion}\n`);
  const look = async ({ image }: Item) => {
    try {
      return await stat(image);
    } catch (error) {
      const message = `${image}: expected a picture, got: ${reason(error)}`;
      throw new SsdError("BAD_DATA", message, { cause: error });
    }
  };
  let at = 0;
  for await (const { size, mtimeMs } of inOrder(items, 32, look)) {
    // The annotated size decides which way up a picture is decoded.
    const { image, width, height } = items[at++]!;
    hash.update(`${JSON.stringify([resolve(image), size, mtimeMs, width, height])}\n`);
  }
  return hash.digest("hex");
}

async function write(
  path: string,
  items: readonly Item[],
  { dir, onProgress, signal }: PackOptions,
): Promise<PackTable> {
  try {
    await mkdir(dir, { recursive: true });
    return await writePackFile(path, decoded(items, onProgress, signal));
  } catch (error) {
    // What the file system says has a system call; all else is not about writing.
    if (!(error instanceof Error && "syscall" in error)) throw error;
    const message = `${path}: expected to write the decoded pictures there, got: ${reason(error)}`;
    throw new SsdError("BAD_DATA", message, { cause: error });
  }
}

async function* decoded(
  items: readonly Item[],
  onProgress: PackOptions["onProgress"],
  signal: AbortSignal | undefined,
): AsyncGenerator<Decoded> {
  let done = 0;
  for await (const picture of inOrder(items, parallel, (item) => decodePicture(item.image, item))) {
    if (signal?.aborted) {
      throw new SsdError("CANCELLED", `packing stopped after ${done} of ${items.length} pictures`);
    }
    yield picture;
    onProgress?.(++done, items.length);
  }
}

/** The data set with the sizes that were found, and the truths fitted into them. */
function fittedTo(dataset: Dataset, { sizes }: PackTable): Dataset {
  const problems: Problem[] = [...dataset.problems];
  const items = dataset.items.map((item, i) => {
    const size = { width: sizes[2 * i]!, height: sizes[2 * i + 1]! };
    const truths: Truth[] = [];
    for (const truth of item.truths) {
      const placed = placeBox(truth.box, size);
      if (placed.problem !== undefined) {
        const message = `"${dataset.classes[truth.label]}" at [${truth.box.join(", ")}] ${placed.what}`;
        problems.push({ kind: placed.problem, file: item.annotation ?? item.image, message });
      }
      if (placed.box !== undefined) truths.push({ ...truth, box: placed.box });
    }
    return { ...item, ...size, truths };
  });
  return { ...dataset, items, problems };
}

function indexOf(
  file: string,
  { offsets, sizes }: PackTable,
  items: readonly Item[],
  ignored: boolean,
): PackIndex {
  const trained = ({ difficult, crowd = false }: Truth) => !difficult && !crowd;
  const truths = items.map((item) => item.truths.filter((truth) => ignored || trained(truth)));
  return {
    file: resolve(file),
    offsets: Float64Array.from(offsets),
    sizes: Int32Array.from(sizes),
    counts: Int32Array.from(truths, (list) => list.length),
    boxes: Float32Array.from(truths.flat().flatMap(({ box }) => box)),
    labels: Int32Array.from(truths.flat(), ({ label }) => label),
  };
}
